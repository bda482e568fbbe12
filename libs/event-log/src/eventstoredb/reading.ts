import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Position, RecordedEvent } from '../event-log.js';
import type { Connection } from './connection.js';
import { callFault, NotLeading, Unanswered } from './faults.js';
import { allRequest, endRequest, newestRequest, NO_EVENT, streamRequest } from './read-messages.js';

/** For a page of a stream, whose events the server finds in its index. */
const STREAM_WITHIN_MS = 5_000;
/** For a page of the whole log: between two events of ours there may be millions that are none of ours. */
const ALL_WITHIN_MS = 60_000;

type ReadRequest = InstanceType<typeof streams.ReadReq>;

/** All that one bounded `Read` call gives; nothing for a stream that does not exist. */
const readOnce = (connection: Connection, request: ReadRequest, withinMs: number): Promise<RecordedEvent[]> =>
  new Promise((resolve, reject) => {
    const [events, beganAt] = [[] as RecordedEvent[], performance.now()];
    const call = connection.read(request, withinMs);
    call.on('data', (event: RecordedEvent | typeof NO_EVENT) => { if (event !== NO_EVENT) events.push(event); });
    call.on('end', () => resolve(events));
    call.on('error', (error) => {
      const fault = callFault(error);
      if (fault instanceof NotLeading || (fault instanceof Unanswered && connection.appends.heardAt < beganAt)) connection.lose(fault);
      reject(fault);
    });
  });

/** A stream's events from a revision on, at most `limit`. */
export const readStream = async (connection: Connection, stream: string, from: number, limit: number): Promise<RecordedEvent[]> => {
  const events = await readOnce(connection, streamRequest(stream, from, limit), STREAM_WITHIN_MS);
  // The server begins where a truncated stream begins: what is folded from there would be wrong, and look right.
  const at = events.findIndex(({ revision }, n) => revision !== from + n);
  if (at >= 0) throw new Error(`${stream} has no event at revision ${from + at} but one at ${events[at]?.revision}: it was truncated or deleted`);
  return events;
};

/** A stream's newest event. */
export const readNewest = async (connection: Connection, stream: string): Promise<RecordedEvent | undefined> =>
  (await readOnce(connection, newestRequest(stream), STREAM_WITHIN_MS))[0];

/** Events of all streams with one of the prefixes, those behind a position, at most `limit`. */
export const readAllAfter = async (
  connection: Connection, prefixes: readonly string[], after: Position | undefined, limit: number,
): Promise<RecordedEvent[]> => {
  if (after === undefined) return readOnce(connection, allRequest(prefixes, after, limit), ALL_WITHIN_MS);
  // The server begins with the event at the position, if that passes the filter.
  const events = await readOnce(connection, allRequest(prefixes, after, limit + 1), ALL_WITHIN_MS);
  return events.filter(({ position }) => position > after).slice(0, limit);
};

/** The newest event of all streams with one of the prefixes. */
export const readEnd = async (connection: Connection, prefixes: readonly string[]): Promise<RecordedEvent | undefined> =>
  (await readOnce(connection, endRequest(prefixes), ALL_WITHIN_MS))[0];
