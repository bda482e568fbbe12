import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';
import { refusalFault } from './faults.js';
import { readStream } from './reading.js';
import { whatFollows } from './visible.js';

/** Its newest event's id is the id of the log. A restored copy of a log gets another by another event. */
export const IDENTITY_STREAM = 'meterbook-identity';
/** A log is restored some times in its life, not some thousands. */
const MOST_IDENTITIES = 1_000;

/**
 * The ids that the log has had, the one it has now first; the first of all is made by whoever opens the log first, however
 * many do it at once.
 * @throws where it was deleted or truncated: nobody knows then what the positions that others keep mean
 */
export const identify = async (connection: Connection): Promise<readonly [string, ...string[]]> => {
  const [newest, ...earlier] = (await readStream(connection, IDENTITY_STREAM, 0, MOST_IDENTITIES)).map(({ id }) => id).toReversed();
  if (newest !== undefined) {
    await connection.prove(); // or it may have been restored since
    return [newest, ...earlier];
  }
  const head = await connection.heads.get(IDENTITY_STREAM);
  if (head >= 0) {
    await whatFollows(connection, IDENTITY_STREAM, -1, head); // where it was deleted, it could be appended to as if it were new
    return identify(connection);
  }
  const id = randomUUID();
  const outcome = await connection.appends.send(IDENTITY_STREAM, -1, [{ id, type: 'LogIdentified', body: '{}' }]);
  if (outcome.kind === 'appended') return [id];
  if (outcome.kind === 'refused') throw refusalFault(IDENTITY_STREAM, outcome.reason, outcome.message);
  return identify(connection);
};
