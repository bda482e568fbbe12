import type { Client } from 'pg';
import { logError, openClient, openPool } from './database.js';
import { LOCKS, migrateLog } from './schema.js';

/** What a log was called, and what it is called now. */
export interface Renamed {
  readonly before: string;
  readonly now: string;
}

/** Handing over what writers remember may take minutes. */
const NO_TIMEOUT = { query_timeout: undefined } as const;
const BEGIN = `BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(${LOCKS.migrate})`;

/** Gives the log in this database another id, under which its writers still have what they remember. */
export const renameLog = (url: string): Promise<Renamed> => inOneTransaction(url, async (tx) => {
  const { rows: [was] } = await tx.query<{ id: string }>('SELECT id FROM log.identity');
  const { rows: [is] } = await tx.query<{ id: string }>('UPDATE log.identity SET id = gen_random_uuid() RETURNING id');
  if (!was || !is) throw new Error('the event log has no identity');
  const renamed = { before: was.id, now: is.id };
  await handOver(tx, renamed);
  return renamed;
});

/** Hands over what writers remember in this database of a log that is elsewhere, and has another id by now. */
export const renameMemory = (url: string, renamed: Renamed): Promise<void> => inOneTransaction(url, (tx) => handOver(tx, renamed));

const handOver = async (tx: Client, { before, now }: Renamed): Promise<void> => {
  // Of events that the log has lost, nothing is believed: writers hold each snapshot and each use of an id against the log.
  for (const table of ['log.snapshots', 'log.ids']) await tx.query(`UPDATE ${table} SET log_id = $2 WHERE log_id = $1`, [before, now]);
  // Where a consumer was in a topic is kept by the brokers, for a group of that name.
  const { rows: [found] } = await tx.query<{ groups: boolean }>(
    "SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'read' AND table_name = 'checkpoint' AND column_name = 'consumer_group') AS groups",
  );
  if (found?.groups) await tx.query('UPDATE read.checkpoint SET consumer_group = gen_random_uuid()');
};

const inOneTransaction = async <Result>(url: string, work: (tx: Client) => Promise<Result>): Promise<Result> => {
  try {
    await makeTables(url);
    const tx = await openClient(url, NO_TIMEOUT);
    try {
      await tx.query(BEGIN);
      const result = await work(tx);
      await tx.query('COMMIT');
      return result;
    } finally {
      await tx.end(); // which rolls back what was not committed
    }
  } catch (error) {
    throw logError(error);
  }
};

const makeTables = async (url: string): Promise<void> => {
  const pool = openPool(url, 1);
  try {
    await migrateLog(pool);
  } finally {
    await pool.end();
  }
};
