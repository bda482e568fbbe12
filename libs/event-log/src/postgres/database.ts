import { Client, DatabaseError, Pool, type ClientConfig } from 'pg';
import { BillingError } from '#libs/kernel';

/**
 * What every session of the log runs with, whatever the server's or the role's defaults are. A commit is answered once it
 * is on disk. The log's few statements are look-ups along an index, and their plans are kept from when the tables were
 * empty: without the switches such a plan may scan a table that has grown since.
 */
const SESSION = `
  SET synchronous_commit = on;
  SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '10s';
  SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off`;

/** The server gives up first (see SESSION), so that a timeout on this side means that it cannot be reached. */
const REACHABLE: ClientConfig = { connectionTimeoutMillis: 3_000, query_timeout: 12_000, keepAlive: true };

export const openPool = (url: string, max: number): Pool => {
  const pool = new Pool({ ...REACHABLE, connectionString: url, max, onConnect: (client): unknown => client.query(SESSION) });
  surviveLoss(pool, ignored); // the next query opens another connection
  return pool;
};

/**
 * A connection that breaks ends the process unless somebody listens. The pool listens while it is idle, and leaves that to
 * whoever has it out; the queries under way are rejected in any case.
 */
export const surviveLoss = (pool: Pool, onIdleLost: (error: unknown) => void): void => {
  pool.on('error', onIdleLost);
  pool.on('connect', (client) => { client.on('error', ignored); });
};

export const openClient = async (url: string, config: ClientConfig = {}): Promise<Client> => {
  const client = new Client({ ...REACHABLE, ...config, connectionString: url });
  client.on('error', ignored); // the queries under way are rejected with it
  try {
    await client.connect();
    await client.query(SESSION);
    return client;
  } catch (error) {
    client.end().catch(ignored);
    throw error;
  }
};

export const ignored = (): void => {};

/** Bad data (22), a broken constraint (23), a limit such as an index entry's size (54): sending it again would fail again. */
const BAD_DATA = /^(22|23|54)/;
export const isCallersFault = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof DatabaseError && BAD_DATA.test(error.code ?? ''));

/** Raised by the database itself when something is appended to a sealed log (see seal.ts). */
export const SEALED = 'MB001';
const isSealed = (error: unknown): boolean => error instanceof DatabaseError && error.code === SEALED;

/**
 * What a caller of the log gets for an error of the database: its own fault as it is, and anything else (stopped,
 * starting, full, read-only, out of connections, too slow, gone) as unavailability with the error as its cause.
 */
export const logError = (error: unknown): unknown => {
  if (isCallersFault(error) || error instanceof BillingError) return error;
  const unavailable = unavailableError(isSealed(error)
    ? 'The event log is sealed, since it is moved to another place. Nothing was done.' : 'The event log cannot answer right now.');
  unavailable.cause = error;
  return unavailable;
};

const unavailableError = (detail: string): BillingError => new BillingError('unavailable', 'log_unavailable', { detail });
export const closedError = (): BillingError => unavailableError('The event log is closed.');

export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Columns stay the text that PostgreSQL sends: a row is turned into what it means once, by who reads it. */
const AS_TEXT = { getTypeParser: () => (value: string) => value } as unknown as { getTypeParser: () => never };

export const selectRows = async <Row extends unknown[]>(pool: Pool, { name, text }: Statement, values: unknown[]): Promise<Row[]> => {
  try {
    const { rows } = await pool.query<Row>({ name, text, values, rowMode: 'array', types: AS_TEXT });
    return rows;
  } catch (error) {
    throw logError(error);
  }
};
