import type { EventLog } from '#libs/event-log';
import { compareReadModels } from '#libs/read-models';
import { Difference } from './difference.js';
import type { Pass } from './verify-log.js';

/**
 * Compares every read model with a fold of the log, up to where they are said to have got.
 * @returns how many events of the log they have still to apply
 * @throws Difference
 */
export const verifyReadModels = async (url: string, log: EventLog, events: number, pass: Pass): Promise<number> => {
  let position: string | undefined;
  await pass('read models', events, async (advance) => {
    let seen = 0;
    const onProgress = (done: { readonly events: number }): void => {
      advance(done.events - seen);
      seen = done.events;
    };
    const { difference, position: reached } = await compareReadModels({ url, log, onProgress });
    if (difference) {
      const { table, accountId, row, field, expected, found } = difference;
      throw new Difference(`read model, table ${table}, account ${accountId}, row ${row}${field === undefined ? '' : `, ${field}`}`, expected, found);
    }
    position = reached || undefined;
  });
  let behind = 0;
  for await (const page of log.readAll({ after: position })) behind += page.length;
  return behind;
};
