import type { Pool } from 'pg';
import { createPool } from '#libs/postgres';

const CONNECTIONS = 6;
const STATEMENT_TIMEOUT_MS = 5_000;

/** Nest token of the pool for what is asked all the time: prepared look-ups by key, without the mapper. */
export const HOT_POOL = Symbol('HotPool');

/** A plan is kept from when its table was empty; it must not scan one that has grown since. */
const SESSION = 'SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off';

export const openHotPool = (url: string): Pool => {
  const pool = createPool(url, { name: 'meterbook look-ups', max: CONNECTIONS, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  // Sent ahead of the query that the connection was opened for. Should it fail, that query tells.
  pool.on('connect', (client) => { client.query(SESSION).catch(() => undefined); });
  return pool;
};
