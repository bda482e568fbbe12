import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';
import { refusalFault } from './faults.js';
import { readStream } from './reading.js';
import { whatFollows } from './visible.js';

/** Its newest event's id is the id of the log. A restored copy of a log gets another by another event. */
const STREAM = 'meterbook-identity';
/** A log is restored some times in its life, not some thousands. */
const MOST_IDENTITIES = 1_000;

/**
 * The ids that the log has had, the one it has now first; the first of all is made by whoever opens the log first, however
 * many do it at once.
 */
export const identify = async (connection: Connection): Promise<readonly [string, ...string[]]> => {
  const [newest, ...earlier] = (await readStream(connection, STREAM, 0, MOST_IDENTITIES)).map(({ id }) => id).toReversed();
  if (newest !== undefined) return [newest, ...earlier];
  const id = randomUUID();
  const outcome = await connection.appends.send(STREAM, -1, [{ id, type: 'LogIdentified', body: '{}' }]);
  if (outcome.kind === 'appended') return [id];
  if (outcome.kind === 'refused') throw refusalFault(STREAM, outcome.reason, outcome.message);
  await whatFollows(connection, STREAM, -1, outcome.actual);
  return identify(connection);
};

/**
 * Fails unless the node leads at some instant after the call: nothing, appended, is acknowledged by a majority of the
 * cluster like anything else. A leader that was frozen may not know yet that it has been replaced.
 */
export const proveLeadership = async (connection: Connection, expected = 0): Promise<void> => {
  const outcome = await connection.appends.send(STREAM, expected, []);
  if (outcome.kind === 'refused') throw refusalFault(STREAM, outcome.reason, outcome.message);
  if (outcome.kind === 'elsewhere') await proveLeadership(connection, outcome.actual);
};
