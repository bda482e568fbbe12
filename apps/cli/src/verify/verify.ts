import { reachEventLog } from '#libs/engine';
import { PostgresStreamMemory } from '#libs/event-log';
import { readSettings } from '#libs/settings';
import { counted } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';
import { openBooks } from './database.js';
import { verifyReadModels } from './read-models-check.js';
import { verifyLog, type Pass } from './verify-log.js';

const say = (line: string): void => { process.stderr.write(`meterbook: ${line}\n`); };

/** `meterbook verify`: everything the log implies, recomputed from it. @throws Difference for the first that is otherwise */
export const verify = async (): Promise<void> => {
  const settings = readSettings(process.env);
  const database = await openBooks(settings, say);
  try {
    // It only reads: a log that is sealed can be verified like any other.
    const log = await reachEventLog({ databaseUrl: database.url, eventLog: settings.eventLog }, say);
    try {
      const memory = await PostgresStreamMemory.open(database.url, log.id);
      try {
        const { events, ofAccounts, accounts, catalogs } = await verifyLog(log, memory, withBar, { counted: settings.eventLog.kind === 'postgres' });
        const behind = await verifyReadModels(database.url, log, ofAccounts, withBar);
        process.stdout.write(`${counted(events, 'event')}, ${counted(accounts, 'account')}, ${counted(catalogs, 'catalog')}: all in order\n`);
        if (behind > 0) process.stdout.write(`The read models have ${counted(behind, 'event')} still to apply; a running engine does that by itself.\n`);
      } finally {
        await memory.close();
      }
    } finally {
      await log.close();
    }
  } finally {
    await database.close();
  }
};

const withBar: Pass = async (title, total, work) => {
  const progress = startProgress({ title: title.padEnd(12), total: total ?? 0 });
  let done = 0;
  try {
    await work((events) => progress.update(Math.min((done += events), total ?? 0), counted(done, 'event')));
    progress.update(Math.max(total ?? 0, 1), counted(done, 'event'));
  } finally {
    progress.end();
  }
};
