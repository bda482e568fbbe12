import type { Admin } from 'kafkajs';
import type { Lag } from '../event-feed.js';
import type { PartitionPlace } from '../partitions.js';
import { rangesOf } from './topic-ranges.js';

/** Steps that halve what is not known about an age: it is right to a sixteenth. */
const HALVINGS = 4;
const LONGEST_S = 2 ** 26;

/** What waits in the partitions that a consumer has a place in; undefined when nothing does. The places were read before. */
export const lagInTopic = async (admin: Admin, topic: string, places: ReadonlyMap<number, PartitionPlace>): Promise<Lag | undefined> => {
  const waiting = new Map<number, number>();
  let events = 0;
  for (const [partition, { high }] of await rangesOf(admin, topic)) {
    const next = places.get(partition)?.next ?? high;
    if (high <= next) continue;
    waiting.set(partition, next);
    events += high - next;
  }
  return events > 0 ? { events, atLeast: false, seconds: await ageOf(admin, topic, waiting) } : undefined;
};

/** About how long the oldest message has been there, of those from certain offsets on. Brokers find offsets by time, not times by offset. */
const ageOf = async (admin: Admin, topic: string, from: ReadonlyMap<number, number>): Promise<number> => {
  const isOlder = async (seconds: number): Promise<boolean> => {
    const since = await admin.fetchTopicOffsetsByTimestamp(topic, Math.round(Date.now() - seconds * 1_000));
    return since.some(({ partition, offset }) => Number(offset) > (from.get(partition) ?? Infinity));
  };
  let [younger, older] = [0, 1];
  while (older < LONGEST_S && await isOlder(older)) [younger, older] = [older, older * 2];
  for (let n = 0; n < HALVINGS; n += 1) {
    const middle = (younger + older) / 2;
    if (await isOlder(middle)) younger = middle;
    else older = middle;
  }
  return older;
};
