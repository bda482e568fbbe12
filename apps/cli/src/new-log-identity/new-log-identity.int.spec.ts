import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { jest } from '@jest/globals';
import { Client } from 'pg';
import { reachEventLog, type EventStoreSettings } from '#libs/engine';
import { PostgresStreamMemory } from '#libs/event-log';
import { engineOn, handClock, hold, settle, withCredit } from '../../../../libs/commands/src/testing/engine.js';
import { openReadDatabase } from '../../../../libs/read-models/src/database/data-source.js';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';

jest.setTimeout(120_000);

const STREAM = 'account-acme';

/** The command, to its end. */
const run = async (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<{ code: unknown; output: string }> => {
  const child = spawn(process.execPath, ['--import', path.resolve('test/support/run-typescript.mjs'), path.resolve('apps/cli/src/main.ts'), 'new-log-identity', ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const [code] = await once(child, 'close') as [unknown];
  return { code, output };
};

describe('meterbook new-log-identity', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await freshDatabase();
    await (await openReadDatabase(database.url)).destroy(); // it has the read models' tables, and nobody at work
  });
  afterEach(() => database.drop());

  /** The log as whoever opens it now finds it, and what its writers remember. */
  const look = async <Result>(settings: EventStoreSettings, work: (found: { readonly id: string; readonly memory: PostgresStreamMemory; readonly engine: ReturnType<typeof engineOn> }) => Promise<Result>): Promise<Result> => {
    const log = await reachEventLog(settings, () => undefined);
    const memory = await PostgresStreamMemory.open(settings.databaseUrl, log.id);
    try {
      return await work({ id: log.id, memory, engine: engineOn(log, memory, handClock()) });
    } finally {
      await Promise.all([log.close(), memory.close()]);
    }
  };

  /** An account with a snapshot. */
  const fill = (settings: EventStoreSettings): Promise<string> => look(settings, async ({ id, memory, engine }) => {
    await withCredit(engine, 'acme', '100');
    for (let n = 0; n < 300; n += 1) await Promise.all([engine.run('acme', hold(`h-${n}`, '0.01')), engine.run('acme', settle(`h-${n}`, '0.01'))]);
    while (!await memory.load(STREAM));
    return id;
  });

  const groups = async (): Promise<unknown> => {
    const client = new Client(database.url);
    await client.connect();
    try {
      return (await client.query("INSERT INTO read.checkpoint (consumer, source) VALUES ('some', 'log') ON CONFLICT (consumer) DO UPDATE SET source = 'log' RETURNING consumer_group")).rows;
    } finally {
      await client.end();
    }
  };

  const expectRenamed = async (settings: EventStoreSettings, env: Readonly<Record<string, string>>): Promise<void> => {
    const [before, group] = [await fill(settings), await groups()];
    const { code, output } = await run(env, '--yes');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`The log was ${before}, and is `) as string });
    await look(settings, async ({ id, memory, engine }) => {
      expect(output).toContain(`is ${id} from now on`);
      expect(id).not.toBe(before);
      const snapshot = await memory.load(STREAM);
      expect(snapshot).toBeDefined();
      await expect(engine.run('acme', hold('h-7', '0.01'))).rejects.toMatchObject({ code: 'hold_closed' });
      expect(await memory.load(STREAM)).toEqual(snapshot); // the log bears it out
    });
    expect(await groups()).not.toEqual(group);
  };

  it('gives a log in PostgreSQL another id, and its writers keep what they remember', async () => {
    await expectRenamed({ databaseUrl: database.url, eventLog: { kind: 'postgres' } }, { DATABASE_URL: database.url });
  });

  it('gives a log in EventStoreDB another id, and its writers keep what they remember', async () => {
    const server = await ServerDouble.start();
    await expectRenamed({ databaseUrl: database.url, eventLog: { kind: 'eventstoredb', url: server.url } }, { DATABASE_URL: database.url, EVENT_LOG: 'eventstoredb', EVENTSTOREDB_URL: server.url });
    await server.stop();
  });

  it('changes nothing unless it is told that it may, and while something is at work', async () => {
    const settings: EventStoreSettings = { databaseUrl: database.url, eventLog: { kind: 'postgres' } };
    const idNow = () => look(settings, ({ id }) => Promise.resolve(id));
    const before = await idNow();
    expect(await run({ DATABASE_URL: database.url })).toMatchObject({ code: 1, output: expect.stringContaining('with --yes') as string });
    const working = new Client({ connectionString: database.url, application_name: 'meterbook live' });
    working.on('error', () => undefined);
    await working.connect();
    expect(await run({ DATABASE_URL: database.url }, '--yes')).toMatchObject({ code: 1, output: expect.stringContaining('still at work on this database (meterbook live)') as string });
    await working.end();
    expect(await idNow()).toBe(before);
  });
});
