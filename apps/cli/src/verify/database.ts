import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { openDatabase, waitForDatabase, type OpenedDatabase } from '#libs/engine';
import { Failure } from '#libs/process';
import type { Settings } from '#libs/settings';

/** What is there where an engine has worked. */
const BOOKS: readonly string[] = ['log.events', 'read.balance'];

/** @throws Failure unless an engine has been at work in this database: looking must not make tables in some other one */
const requireBooks = async (url: string, tables: readonly string[]): Promise<void> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows: [row] } = await client.query<{ there: boolean }>('SELECT coalesce(bool_and(to_regclass(name) IS NOT NULL), true) AS there FROM unnest($1::text[]) AS name', [tables]);
    if (!row?.there) throw new Failure(`No engine has worked in the database ${new URL(url).pathname.slice(1)} at ${new URL(url).host} yet; check DATABASE_URL.`);
  } finally {
    await client.end();
  }
};

/** DATABASE_URL's, that of the engine which runs on the data directory, or the stopped one there, started for as long as it is read. */
export const openBooks = async (settings: Settings, say: (line: string) => void, tables = BOOKS): Promise<OpenedDatabase> => {
  const { databaseUrl, dataDir } = settings;
  if (databaseUrl !== undefined) {
    await waitForDatabase(databaseUrl, say);
    await requireBooks(databaseUrl, tables);
    return { url: databaseUrl, close: () => Promise.resolve() };
  }
  if (!await exists(path.join(dataDir, 'postgres'))) throw new Failure(`There is no database in ${dataDir}; set METERBOOK_DATA_DIR to where one is, or DATABASE_URL.`);
  const running = await runningUrl(dataDir);
  if (running !== undefined) return { url: running, close: () => Promise.resolve() };
  return openDatabase(settings, say);
};

/** @throws where this user may not look: that says nothing of what is there */
const orElse = <Found, Otherwise>(look: Promise<Found>, otherwise: Otherwise): Promise<Found | Otherwise> =>
  look.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    return otherwise;
  });

const exists = (file: string): Promise<boolean> => orElse(access(file).then(() => true), false);

/** Of the embedded server that runs on a data directory, read from what it leaves there; undefined when none answers. */
const runningUrl = async (dataDir: string): Promise<string | undefined> => {
  const cluster = path.join(dataDir, 'postgres', 'cluster');
  const [pid, password] = await Promise.all([path.join(cluster, 'pgdata', 'postmaster.pid'), path.join(cluster, 'password')]
    .map((file) => orElse(readFile(file, 'utf8'), '')));
  // The fourth line is the port, in every version of PostgreSQL.
  const port = pid?.split('\n')[3]?.trim();
  if (!port || !password) return undefined;
  const url = `postgres://meterbook:${password.trim()}@127.0.0.1:${port}/meterbook`;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return url;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
};
