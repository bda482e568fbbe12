import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { BillingError } from '#libs/kernel';

/**
 * The tables, one step a version; a step is never edited once released. Text is compared by bytes (COLLATE "C"), so that
 * an index means the same after an upgrade of the system's locales. There is no table of stream heads: the head is the
 * last row of (stream, revision).
 */
const STEPS = [`
  CREATE SCHEMA IF NOT EXISTS log;
  CREATE TABLE log.events (
    position bigint PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision >= 0),
    id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    UNIQUE (stream, revision)
  );
  CREATE TABLE log.snapshots (
    log_id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    hash text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    state text COLLATE "C" NOT NULL,
    PRIMARY KEY (log_id, stream)
  );
  CREATE TABLE log.ids (
    log_id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (log_id, stream, key, revision)
  );
  CREATE TABLE log.identity (id uuid NOT NULL, steps integer NOT NULL);
`];

/** Advisory locks of this database, in a space of our own ('mtbk'). */
export const LOCKS = { migrate: '1836344939, 1', append: '1836344939, 2' } as const;

/** What no retry mends, and so is no unavailability; it says what the operator has to do. */
const unusable = (detail: string): BillingError => new BillingError('conflict', 'log_unusable', { detail });

const stepsDone = async (client: PoolClient): Promise<number> => {
  const { rows: [found] } = await client.query<{ identity: string | null; encoding: string; version: number }>(`
    SELECT to_regclass('log.identity') AS identity, current_setting('server_encoding') AS encoding,
      current_setting('server_version_num')::int AS version`);
  if (!found || found.version < 140_000) throw unusable('The event log needs PostgreSQL 14 or later.');
  if (found.encoding !== 'UTF8') throw unusable(`The event log needs a database with encoding UTF8; this one has ${found.encoding}.`);
  if (!found.identity) return 0;
  const { rows: [row] } = await client.query<{ steps: number }>('SELECT steps FROM log.identity');
  if (!row || row.steps > STEPS.length) throw unusable('The event log in this database was made by a newer version of Meterbook.');
  return row.steps;
};

const migrate = async (client: PoolClient): Promise<void> => {
  await client.query(`SELECT pg_advisory_xact_lock(${LOCKS.migrate})`);
  const done = await stepsDone(client);
  if (done === STEPS.length) return;
  for (const step of STEPS.slice(done)) await client.query(step);
  if (done === 0) await client.query('INSERT INTO log.identity VALUES ($1, $2)', [randomUUID(), STEPS.length]);
  else await client.query('UPDATE log.identity SET steps = $1', [STEPS.length]);
};

/** Makes the tables of schema `log`, or brings them up to date. Several processes may do it at once; repeating it changes nothing. */
export const migrateLog = async (pool: Pool): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await migrate(client);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(true); // closing the session rolls back
    throw error;
  }
};

export const readLogId = async (pool: Pool): Promise<string> => {
  const { rows: [row] } = await pool.query<{ id: string }>('SELECT id FROM log.identity');
  if (!row) throw new Error('the event log has no identity');
  return row.id;
};
