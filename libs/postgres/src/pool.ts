import { Pool, type PoolConfig } from 'pg';
import type { Log } from './log.js';

export interface PoolOptions {
  /** Shown in pg_stat_activity, so that an operator sees who holds a connection. */
  readonly name: string;
  readonly max?: number;
  /** Longest a statement may take, for pools that answer callers; pools that read whole logs leave it out. */
  readonly statementTimeoutMs?: number;
  readonly log?: Log;
}

/** How much longer we wait than the server is given, so that its own, clearer error wins where it can still answer. */
const GraceMs = 1_000;

/** For whoever makes the pool: how long a connection, an answer, and an idle connection are waited for. */
export const poolSettings = (statementTimeoutMs?: number): PoolConfig => ({
  // A command that waits longer for a connection is better told to try again.
  connectionTimeoutMillis: 5_000,
  idleTimeoutMillis: 60_000,
  keepAlive: true,
  // The server's limit covers a slow statement, ours a server that does not answer at all (stopped, or gone without a word).
  ...(statementTimeoutMs && { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + GraceMs }),
});

export const createPool = (url: string, { name, max = 10, statementTimeoutMs, log }: PoolOptions): Pool => {
  const pool = new Pool({
    connectionString: url,
    application_name: name,
    max,
    ...poolSettings(statementTimeoutMs),
  });
  // Without a listener a connection that breaks while idle ends the process. The pool replaces it by itself.
  pool.on('error', (error) => log?.warn(`${name}: lost an idle database connection: ${error.message}`));
  return pool;
};
