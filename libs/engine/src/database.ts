import { Client } from 'pg';
import { isOutage } from '#libs/event-feed';
import { startEmbeddedPostgres } from '#libs/postgres';
import { Failure } from '#libs/process';
import type { Settings } from '#libs/settings';
import { patiently } from './patience.js';

const OldestVersion = 14;

/** A database in use, and how to let it go. */
export interface OpenedDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** DATABASE_URL's, or one started in the data directory for as long as it is used. @throws Failure, StartError */
export const openDatabase = async ({ databaseUrl, dataDir }: Settings, say: (line: string) => void, signal?: AbortSignal): Promise<OpenedDatabase> => {
  if (databaseUrl !== undefined) {
    await waitForDatabase(databaseUrl, say, signal);
    return { url: databaseUrl, close: () => Promise.resolve() };
  }
  const postgres = await startEmbeddedPostgres({ dataDir, log: { info: say, warn: say } });
  return { url: postgres.url, close: () => postgres.stop() };
};

/** Waits until the database of DATABASE_URL answers. @throws Failure when it does not in time, or cannot be used */
export const waitForDatabase = (url: string, say: (line: string) => void, signal?: AbortSignal): Promise<void> => {
  const { host } = new URL(url);
  return patiently(() => connectOnce(url, host), { what: `The database at ${host}`, check: 'DATABASE_URL', isPassing: isOutage, say, signal });
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
