import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { Client } from 'pg';
import { PostgresEventLog, PostgresStreamMemory } from '#libs/event-log';
import { readSettings, type Settings } from '#libs/settings';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { ApiClient } from '../client/api-client.js';
import { personas, type Persona } from '../demo/personas.js';
import { Story } from '../demo/story.js';
import { startEngine } from '../engine/engine.js';
import { openBooks } from './database.js';
import { verifyReadModels } from './read-models-check.js';
import { verifyLog, type Pass } from './verify-log.js';

jest.setTimeout(120_000);

const silent: Pass = (_title, _total, work) => work(() => undefined);

describe('verify on a database', () => {
  let database: TestDatabase;
  let settings: Settings;
  let sql: Client;

  beforeAll(async () => {
    database = await freshDatabase();
    const dataDir = await mkdtemp(path.join(tmpdir(), 'meterbook-verify-'));
    settings = readSettings({ DATABASE_URL: database.url, METERBOOK_DATA_DIR: dataDir, PORT: '0', HOST: '127.0.0.1' });
    const engine = await startEngine(settings);
    const client = new ApiClient({ url: engine.url, token: engine.operatorTokens[0]?.token as string });
    await new Story(client, personas[0] as Persona, 'acme', 1, () => undefined).play(2);
    // Whoever reads gets at least what this process has acknowledged, so the read models are that far.
    await client.get('/v1/accounts/acme/balance');
    await engine.close();
    sql = new Client({ connectionString: database.url });
    await sql.connect();
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  const verify = async (): Promise<{ events: number; behind: number }> => {
    const log = await PostgresEventLog.open(database.url);
    const memory = await PostgresStreamMemory.open(database.url, log.id);
    try {
      const { events, ofAccounts } = await verifyLog(log, memory, silent);
      return { events, behind: await verifyReadModels(database.url, log, ofAccounts, silent) };
    } finally {
      await Promise.all([log.close(), memory.close()]);
    }
  };

  /** Changes something, verifies, and changes it back. */
  const afterChange = async (change: string, back: string): Promise<unknown> => {
    await sql.query(change);
    try {
      return await verify().catch((error: unknown) => (error as Error).message);
    } finally {
      await sql.query(back);
    }
  };

  it('finds everything in order', async () => expect(await verify()).toEqual({ events: expect.any(Number) as number, behind: 0 }));

  it('names an event that was changed', async () => {
    expect(await afterChange(
      `UPDATE log.events SET body = replace(body, '"acme"', '"acme "') || ' ' WHERE stream = 'account-acme' AND revision = 5`,
      `UPDATE log.events SET body = left(body, -1) WHERE stream = 'account-acme' AND revision = 5`,
    )).toMatch(/^account-acme revision 5, id \(the hash of its stored bytes\)/);
  });

  it('names a balance that is not what the log says, in any column', async () => {
    expect(await afterChange(`UPDATE read.balance SET held = held + 1`, `UPDATE read.balance SET held = held - 1`))
      .toMatch(/^read model, table balance, account acme, row .*, held: expected .*, found /);
  });

  it('names a line of the usage log that is missing', async () => {
    await sql.query(`CREATE TABLE kept AS SELECT * FROM read.usage_log WHERE revision = 7`);
    expect(await afterChange(`DELETE FROM read.usage_log WHERE revision = 7`, `INSERT INTO read.usage_log SELECT * FROM kept; DROP TABLE kept`))
      .toMatch(/^read model, table usage_log, account acme, row .*: expected /);
  });

  it('makes nothing in a database where no engine has worked', async () => {
    const empty = await freshDatabase();
    await expect(openBooks({ ...settings, databaseUrl: empty.url }, () => undefined)).rejects.toThrow(/^No engine has worked in the database test_/);
    await empty.drop();
  });

  it('says so where there is no data directory', async () => {
    await expect(openBooks({ ...settings, databaseUrl: undefined, dataDir: '/nowhere/at/all' }, () => undefined)).rejects.toThrow('There is no database in /nowhere/at/all');
  });
});
