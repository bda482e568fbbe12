import type { Admin } from 'kafkajs';
import type { PartitionPlace, TopicIdentity } from '../partitions.js';

/** What a partition has: from the oldest offset that is kept to the one that comes next. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export type Ranges = ReadonlyMap<number, Range>;

/** Offsets mean something in one topic of one cluster. */
export const identityOf = (cluster: string, topic: string): TopicIdentity => `${cluster}/${topic}`;

export const rangesOf = async (admin: Admin, topic: string): Promise<Ranges> => {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
};

/** Whether each partition still has all that was not applied. Ranges are to be asked for after the places were read. */
export const canFollow = (places: ReadonlyMap<number, PartitionPlace>, ranges: Ranges): boolean =>
  places.size === ranges.size && [...ranges].every(([partition, { low, high }]) => {
    const next = places.get(partition)?.next;
    return next !== undefined && low <= next && next <= high;
  });
