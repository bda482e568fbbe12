import type { Client } from 'pg';
import type { EventLog, RecordedEvent } from '#libs/event-log';
import { Applier } from '../applier.js';
import type { Consumer } from '../event-feed.js';
import { LogBookmark } from '../log-bookmark.js';
import { insertPartitions, type TopicIdentity } from '../partitions.js';
import { inTransaction } from '../session.js';
import type { Ranges } from './topic-ranges.js';

const PAGE = 500;

export interface Filling {
  readonly session: Client;
  readonly consumer: Consumer;
  readonly log: EventLog;
  readonly topic: TopicIdentity;
  /** As it was before the log is read: what lies before these ends is in the log by now, and what it has not, comes after them. */
  readonly ranges: Ranges;
  /** Events applied in one transaction. */
  readonly most: number;
  readonly signal: AbortSignal;
}

/**
 * Brings a consumer from its place in the log to its end, and lets it go on in the topic from the ends that the topic had
 * before. What the topic no longer has, or never had, is therefore no gap. Whoever else applies is stopped by it, and
 * goes on from the new places.
 * @throws ForeignCheckpoint, LostEvents, CheckpointMoved, StreamGap, PoisonEvent
 */
export const fillFromLog = async ({ session, consumer, log, topic, ranges, most, signal }: Filling): Promise<void> => {
  const bookmark = await LogBookmark.open(session, consumer.name, log);
  const applier = new Applier(session, consumer, bookmark);
  let events: RecordedEvent[] = [];
  for await (const page of log.readAll({ after: bookmark.position, batchSize: PAGE })) {
    signal.throwIfAborted();
    events.push(...page);
    if (events.length < most) continue;
    await applier.apply(events);
    events = [];
  }
  await applier.apply(events);
  await inTransaction(session, async () => {
    await bookmark.claim(session);
    const { generation } = bookmark;
    const places = [...ranges].map(([partition, { high: next }]) => ({ partition, next, position: '', events: 0, generation }));
    await insertPartitions(session, consumer.name, topic, places);
  });
};
