import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

export { startServer, type TestServer } from './postgres-server.mjs';

export interface TestDatabase {
  /** A connection URL. */
  readonly url: string;
  /** Cuts whoever is still connected. */
  readonly drop: () => Promise<void>;
}

const command = async (server: string, text: string): Promise<void> => {
  const client = new Client(`${server}/postgres`);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

/** An empty database on `server`: on the one that the test run started, unless a spec has started one of its own. */
export const freshDatabase = async (server = process.env.METERBOOK_TEST_SERVER): Promise<TestDatabase> => {
  if (!server) throw new Error('no PostgreSQL: run the specs with Jest, which starts one');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await command(server, `CREATE DATABASE ${name}`);
  return { url: `${server}/${name}`, drop: () => command(server, `DROP DATABASE ${name} WITH (FORCE)`) };
};
