import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '#libs/postgres';

/** The engine's own embedded PostgreSQL with the engine's settings: one for both sides of a ratio. */
export interface Server {
  /** The engine's database. */
  readonly url: string;
  /** Gone with the server; for what an engine keeps besides. */
  readonly directory: string;
  readonly version: string;
  /** A place for a floor's tables in the same database. */
  createSchema(name: string): Promise<string>;
  stop(): Promise<void>;
}

export const withClient = async <Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> => {
  const client = new Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

/** Open to enter: started as root, PostgreSQL runs as another user. */
export const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'meterbook-bench-'));
  await chmod(directory, 0o755);
  return directory;
};

/** @throws unless a commit waits for the disk */
const durableVersion = (url: string): Promise<string> => withClient(url, async (client) => {
  const { rows } = await client.query<{ version: string; durable: boolean }>(`
    SELECT current_setting('server_version') AS version,
      current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean AND current_setting('synchronous_commit') = 'on' AS durable`);
  const { version, durable } = rows[0]!;
  if (!durable) throw new Error('figures without durability mean nothing');
  return version;
});

export const startServer = async (): Promise<Server> => {
  const directory = await temporaryDirectory();
  const dataDir = path.join(directory, 'data');
  const postgres = await startEmbeddedPostgres({ dataDir, log: { info: () => undefined, warn: console.warn } });
  const { url } = postgres;
  return {
    url,
    directory,
    version: await durableVersion(url),
    createSchema: async (name) => {
      await withClient(url, (client) => client.query(`CREATE SCHEMA ${name}`));
      const own = new URL(url);
      own.searchParams.set('options', `-csearch_path=${name}`);
      return own.href;
    },
    stop: async () => {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
