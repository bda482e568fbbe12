import type { Admin } from 'kafkajs';
import type { PartitionPlace } from '../partitions.js';
import type { Ranges } from './topic-ranges.js';

/** Steps that halve what is not known about an age: it is right to a sixteenth. */
const HALVINGS = 4;
const LONGEST_S = 2 ** 26;

/** Messages that were not applied. */
export const waitingIn = (places: ReadonlyMap<number, PartitionPlace>, ranges: Ranges): ReadonlyMap<number, number> =>
  new Map([...ranges].map(([partition, { low, high }]) => [partition, high - (places.get(partition)?.next ?? low)] as const).filter(([, events]) => events > 0));

/** About how many seconds the oldest of the messages that are not applied has been in the topic. Brokers find offsets by time, not times by offset. */
export const ageOfWaiting = async (admin: Admin, topic: string, places: ReadonlyMap<number, PartitionPlace>, waiting: Iterable<number>): Promise<number> => {
  const partitions = new Set(waiting);
  const isOlder = async (seconds: number): Promise<boolean> => {
    const since = await admin.fetchTopicOffsetsByTimestamp(topic, Math.round(Date.now() - seconds * 1_000));
    return since.some(({ partition, offset }) => partitions.has(partition) && Number(offset) > (places.get(partition)?.next ?? 0));
  };
  let [from, to] = [0, 1];
  while (to < LONGEST_S && await isOlder(to)) [from, to] = [to, to * 2];
  for (let n = 0; n < HALVINGS; n += 1) {
    const middle = (from + to) / 2;
    if (await isOlder(middle)) from = middle;
    else to = middle;
  }
  return to;
};
