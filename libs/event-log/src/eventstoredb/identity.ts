import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';
import { refusalFault } from './faults.js';
import { readNewest } from './reading.js';
import { whatFollows } from './visible.js';

/** Its newest event's id is the id of the log. A restored copy of a log gets another by another event. */
const STREAM = 'meterbook-identity';

/** The log's id; made by whoever opens the log first, however many do it at once. */
export const identify = async (connection: Connection): Promise<string> => {
  const newest = await readNewest(connection, STREAM);
  if (newest) return newest.id;
  const id = randomUUID();
  const outcome = await connection.appends.send(STREAM, -1, [{ id, type: 'LogIdentified', body: '{}' }]);
  if (outcome.kind === 'appended') return id;
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
