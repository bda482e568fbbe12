import type { EventLog } from '#libs/event-log';
import { compareReadModels } from '#libs/read-models';
import { Difference } from './difference.js';
import type { Pass } from './verify-log.js';

/**
 * Compares every read model with a fold of the log, as far as each account has been applied.
 * @param ofAccounts events of accounts in the log
 * @returns how many of them they have still to apply
 * @throws Difference
 */
export const verifyReadModels = async (url: string, log: EventLog, ofAccounts: number, pass: Pass): Promise<number> => {
  let seen = 0;
  await pass('read models', ofAccounts, async (advance) => {
    const onProgress = (done: { readonly events: number }): void => {
      advance(done.events - seen);
      seen = done.events;
    };
    const { difference } = await compareReadModels({ url, log, onProgress });
    if (difference) {
      const { table, accountId, row, field, expected, found } = difference;
      throw new Difference(`read model, table ${table}, account ${accountId}, row ${row}${field === undefined ? '' : `, ${field}`}`, expected, found);
    }
  });
  return Math.max(0, ofAccounts - seen); // an engine may have gone on meanwhile
};
