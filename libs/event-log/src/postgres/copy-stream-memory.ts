import type { Pool, PoolClient } from 'pg';
import { logError, openPool } from './database.js';
import { migrateLog } from './schema.js';

const IDS_AT_ONCE = 10_000;
/** Snapshots of large accounts are megabytes each. */
const SNAPSHOTS_AT_ONCE = 50;

/** What one log's writers remember, for another log with the very same events. */
export interface CopiedMemory {
  readonly snapshots: number;
  readonly ids: number;
}

export interface MemoryPlace {
  readonly url: string;
  readonly logId: string;
}

/**
 * Gives a log the snapshots and the id index of another one that it is a copy of, in this database or another. The ids go
 * first, and both are read as of one instant: a snapshot whose ids are not in the index would make the engine forget them.
 */
export const copyStreamMemory = async (from: MemoryPlace, to: MemoryPlace): Promise<CopiedMemory> => {
  const [source, target] = [openPool(from.url, 1), openPool(to.url, 1)];
  try {
    await migrateLog(target);
    const reader = await source.connect();
    try {
      await reader.query("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const ids = await copyRows(reader, target, IDS, from.logId, to.logId, IDS_AT_ONCE);
      const snapshots = await copyRows(reader, target, SNAPSHOTS, from.logId, to.logId, SNAPSHOTS_AT_ONCE);
      return { snapshots, ids };
    } finally {
      reader.release(true);
    }
  } catch (error) {
    throw logError(error);
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
};

interface Copied {
  readonly table: string;
  readonly columns: string;
  /** Rows as one JSON array, so that any number of them goes in one statement. */
  readonly types: string;
}

const IDS: Copied = { table: 'log.ids', columns: 'stream, key, revision', types: 'stream text, key text, revision bigint' };
const SNAPSHOTS: Copied = {
  table: 'log.snapshots', columns: 'stream, revision, hash, version, state', types: 'stream text, revision bigint, hash text, version integer, state text',
};

const copyRows = async (reader: PoolClient, target: Pool, { table, columns, types }: Copied, fromLog: string, toLog: string, atOnce: number): Promise<number> => {
  await reader.query(`DECLARE copied NO SCROLL CURSOR FOR SELECT ${columns} FROM ${table} WHERE log_id = $1`, [fromLog]);
  let count = 0;
  for (;;) {
    const { rows } = await reader.query<Record<string, unknown>>(`FETCH ${atOnce} FROM copied`);
    if (rows.length === 0) break;
    await target.query(
      `INSERT INTO ${table} (log_id, ${columns}) SELECT $1, ${columns} FROM json_to_recordset($2) AS copied (${types}) ON CONFLICT DO NOTHING`, [toLog, JSON.stringify(rows)],
    );
    count += rows.length;
  }
  await reader.query('CLOSE copied');
  return count;
};
