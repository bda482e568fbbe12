import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.js';
import { ignored, refusalFault, Unanswered, Undecided } from './faults.js';
import { OUT_OF_REACH } from './heads.js';
import { IDENTITY_STREAM } from './identity.js';
import { readNewest } from './reading.js';

const ASK_EVERY_MS = 3_000;

/**
 * Fails unless the node leads at some instant after the call: nothing, appended, is acknowledged by a majority of the
 * cluster like anything else. A leader that was frozen or cut off may not know yet that it has been replaced.
 *
 * Whatever the node has answered since the call, before the proof or after it, is then as true as at the call: had another
 * one led before, a majority would follow that one, and not have acknowledged what this one wrote.
 *
 * @param expected where the stream was that it is appended to: another one costs a round trip
 * @returns where it is
 */
export const proveLeadership = async (connection: Connection, expected: number): Promise<number> => {
  const outcome = await connection.appends.send(IDENTITY_STREAM, expected, []);
  if (outcome.kind === 'refused') {
    const fault = refusalFault(IDENTITY_STREAM, outcome.reason, outcome.message);
    throw fault instanceof Undecided ? new Unanswered('no majority follows this node', { cause: fault }) : fault;
  }
  if (outcome.kind === 'appended') return expected;
  if (outcome.actual >= OUT_OF_REACH) throw refusalFault(IDENTITY_STREAM, 'StreamDeleted', '');
  return proveLeadership(connection, outcome.actual);
};

/**
 * Asks now and then for what only a leader gives, so that the connection is lost with the lead. A subscription alone would
 * not notice: at a node that was cut off from the others it stays open, and nothing comes any more.
 */
export const watchLeadership = async (connection: Connection): Promise<void> => {
  while (!connection.isLost) {
    await delay(ASK_EVERY_MS, undefined, { ref: false });
    if (!connection.isLost) await readNewest(connection, IDENTITY_STREAM).catch(ignored); // which has lost the connection, where it had to
  }
};
