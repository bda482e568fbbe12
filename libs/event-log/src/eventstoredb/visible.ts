import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedEvent } from '../event-log.js';
import type { Connection } from './connection.js';
import { readStream } from './reading.js';

/** Longer than replication takes; what it is waited for may also be lost with a leader that falls. */
const VISIBLE_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 5;
const MOST_EVENTS = 100;

/**
 * What stands behind revision `after`, once it can be read up to revision `head`. A server refuses an append for what is
 * written and not yet replicated: whoever is refused would look in vain for what it missed, and be refused again.
 * @throws where nothing is ever shown, so that nobody takes it for a race to run again
 */
export const whatFollows = async (connection: Connection, stream: string, after: number, head: number, atLeast = 0): Promise<RecordedEvent[]> => {
  const limit = Math.max(atLeast, Math.min(MOST_EVENTS, head - after));
  const read = (): Promise<RecordedEvent[]> => readStream(connection, stream, after + 1, limit);
  for (const until = performance.now() + VISIBLE_WITHIN_MS; performance.now() < until; await delay(LOOK_EVERY_MS)) {
    const events = await read();
    if (events.length >= Math.min(limit, head - after)) return events;
  }
  await connection.catchUp(); // a slow disk, or a leader whose followers went over to another one
  const events = await read();
  if (events.length > 0) return events;
  throw new Error(`${stream} goes up to revision ${head} and shows nothing behind ${after}: it was truncated or deleted`);
};
