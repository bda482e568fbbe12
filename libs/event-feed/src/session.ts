import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError, type ClientBase } from 'pg';

/**
 * The consumers' statements are look-ups along a key, and their plans are kept from when the tables were empty: without
 * the switches such a plan may scan a table that has grown since. The server gives up before we do (`query_timeout`).
 * A commit need not wait for the disk: it holds the checkpoint too, so that what a crash takes back is applied again.
 */
const SESSION = `
  SET TimeZone = 'UTC'; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s';
  SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
  SET enable_mergejoin = off; SET jit = off;
  SET synchronous_commit = off`;
/**
 * After so long a silence the server ends a session, and with it the locks it holds: of a machine that is gone, or cut off,
 * nothing else tells it for hours.
 */
const SILENCE_MS = 30_000;
/** How many times within it we look whether a sign of life is due: every other look finds the one before, and a busy machine is late. */
const LOOKS = 6;

const GOODBYE_MS = 1_000;

/** A connection of one's own, for a consumer that holds locks on it. */
export const openSession = async (url: string, name: string, silenceMs = SILENCE_MS): Promise<Client> => {
  const client = new Client({
    connectionString: url, application_name: name, keepAlive: true, connectionTimeoutMillis: 5_000, query_timeout: 65_000,
  });
  client.on('error', () => undefined); // the query under way is rejected with it, or the next one
  try {
    await client.connect();
    await client.query(`${SESSION}; SET idle_session_timeout = ${silenceMs}`);
    giveSignsOfLife(client, silenceMs / LOOKS);
    return client;
  } catch (error) {
    await closeSession(client);
    throw error;
  }
};

/** Only where nothing else was answered. Where a sign is not answered either, the session is over, and emits `end`: the server may have given its locks to others. */
const giveSignsOfLife = (client: Client, everyMs: number): void => {
  let isWaiting = false;
  let read = 0;
  const timer = setInterval(() => {
    const { bytesRead } = client.connection.stream as Socket;
    const isSilent = bytesRead === read;
    read = bytesRead;
    if (isWaiting || !isSilent) return;
    isWaiting = true;
    client.query('SELECT').catch((error: unknown) => {
      // A transaction that failed refuses every statement, and so is alive.
      if (!(error instanceof DatabaseError)) client.connection.stream.destroy();
    }).finally(() => { isWaiting = false; });
  }, everyMs);
  timer.unref();
  client.once('end', () => clearInterval(timer));
};

/** Says goodbye, or hangs up where nobody answers. */
export const closeSession = async (client: Client): Promise<void> => {
  const goodbye = client.end().catch(() => undefined);
  await Promise.race([goodbye, delay(GOODBYE_MS, undefined, { ref: false })]);
  client.connection.stream.destroy();
};

/** Runs `work` in one transaction. What failed in it is thrown, whatever becomes of the rollback. */
export const inTransaction = async <Result>(client: ClientBase, work: () => Promise<Result>): Promise<Result> => {
  try {
    await client.query('BEGIN');
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // the connection may be what failed
    throw error;
  }
};
