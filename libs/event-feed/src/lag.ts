import type { EventLog, Position, RecordedEvent } from '#libs/event-log';
import type { Lag } from './event-feed.js';

/** Counting what is behind reads it. */
const COUNT_AT_MOST = 10_000;

/** What the log has after a position. */
export const lagAfter = async (log: EventLog, after: Position | undefined): Promise<Lag> => {
  let events = 0;
  let first: RecordedEvent | undefined;
  for await (const page of log.readAll({ after, batchSize: 1_000 })) {
    first ??= page[0];
    events += page.length;
    if (events >= COUNT_AT_MOST) break;
  }
  return { events, atLeast: events >= COUNT_AT_MOST, seconds: first ? ageOf(first) : 0 };
};

/** Seconds since an event was recorded; it may be one that cannot be read. */
const ageOf = ({ body }: RecordedEvent): number => {
  try {
    const { recordedAt } = JSON.parse(body) as { recordedAt: string };
    return Math.max(0, (Date.now() - Date.parse(recordedAt)) / 1_000) || 0;
  } catch {
    return 0;
  }
};
