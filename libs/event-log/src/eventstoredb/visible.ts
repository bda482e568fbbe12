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
 */
export const whatFollows = async (connection: Connection, stream: string, after: number, head: number, atLeast = 0): Promise<RecordedEvent[]> => {
  const limit = Math.max(atLeast, Math.min(MOST_EVENTS, head - after));
  for (const until = performance.now() + VISIBLE_WITHIN_MS; ; await delay(LOOK_EVERY_MS)) {
    const events = await readStream(connection, stream, after + 1, limit);
    if (events.length >= Math.min(limit, head - after) || performance.now() > until) return events;
  }
};
