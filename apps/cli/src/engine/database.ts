import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isOutage } from '#libs/event-feed';
import { Failure } from '../failure.js';

/** A server that starts beside the engine is waited for. */
const PatienceMs = 30_000;
const RetryMs = 500;
const OldestVersion = 14;

/** Waits until the database of DATABASE_URL answers. @throws Failure when it does not in time, or cannot be used */
export const waitForDatabase = async (url: string, say: (line: string) => void): Promise<void> => {
  const giveUpAt = performance.now() + PatienceMs;
  const { host } = new URL(url);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connectOnce(url, host);
    } catch (error) {
      if (error instanceof Failure) throw error;
      const failure = new Failure(`The database at ${host} cannot be used (${reasonOf(error)}); check DATABASE_URL.`, { cause: error });
      if (!isOutage(error) || performance.now() > giveUpAt) throw failure;
      if (attempt === 0) say(`Waiting for the database at ${host} (${reasonOf(error)})…`);
      await sleep(RetryMs);
    }
  }
};

const connectOnce = async (url: string, host: string): Promise<void> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows: [row] } = await client.query<{ major: number }>("SELECT current_setting('server_version_num')::int / 10000 AS major");
    if (row && row.major < OldestVersion) throw new Failure(`The database at ${host} is PostgreSQL ${row.major}; version ${OldestVersion} or later is needed.`);
  } finally {
    await client.end().catch(() => undefined);
  }
};

const reasonOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? error.errors[0] as unknown : error;
  return first instanceof Error ? first.message || String((first as NodeJS.ErrnoException).code) : String(first);
};
