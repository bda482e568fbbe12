import { compareReadModels, readModelNames } from '#libs/read-models';
import { PostgresEventLog } from '#libs/event-log';
import { openReadDatabase } from '../../../libs/read-models/src/database/data-source.js';
import { READ_MODELS } from '../../../libs/read-models/src/read-models.js';
import { withClient } from './database.js';

export const READ_TABLES: readonly string[] = readModelNames.flatMap((name) => READ_MODELS[name].tables);

/** An event log and read models in a database, both empty. */
export const makeTables = async (url: string): Promise<void> => {
  await (await PostgresEventLog.open(url)).close();
  await (await openReadDatabase(url)).destroy();
};

/** Takes the read models back to before the first event. */
export const emptyReadModels = async (url: string): Promise<void> => {
  await withClient(url, (client) => client.query(
    `TRUNCATE ${READ_TABLES.map((table) => `read.${table}`).join(', ')}; DELETE FROM read.partition; DELETE FROM read.checkpoint`,
  ));
};

/** A figure for a wrong result would be worth nothing. @throws unless all read models are what the log says, up to its last event */
export const requireFold = async (url: string): Promise<void> => {
  const log = await PostgresEventLog.open(url);
  try {
    const { difference, events } = await compareReadModels({ url, log });
    if (difference) throw new Error(`a read model is not what the log says: ${JSON.stringify(difference)}`);
    const recorded = await withClient(url, async (client) => Number((await client.query<{ count: string }>("SELECT count(*) FROM log.events WHERE stream LIKE 'account-%'")).rows[0]!.count));
    if (events !== recorded) throw new Error(`the read models have ${events} events, and the log ${recorded}`);
  } finally {
    await log.close();
  }
};
