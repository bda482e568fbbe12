import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { readSettings } from '#libs/settings';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { ApiClient } from '../client/api-client.js';
import { startEngine, type Engine } from '../engine/engine.js';
import { personas } from './personas.js';
import { Story, type Standing } from './story.js';

jest.setTimeout(120_000);

const DAYS = 4;

describe('the demo on an engine', () => {
  let database: TestDatabase;
  let engine: Engine;
  let client: ApiClient;

  beforeAll(async () => {
    database = await freshDatabase();
    const dataDir = await mkdtemp(path.join(tmpdir(), 'meterbook-demo-'));
    engine = await startEngine(readSettings({ DATABASE_URL: database.url, METERBOOK_DATA_DIR: dataDir, PORT: '0', HOST: '127.0.0.1' }));
    client = new ApiClient({ url: engine.url, token: engine.operatorTokens[0]?.token as string });
  });
  afterAll(async () => {
    await engine.close();
    await database.drop();
  });

  const play = (): Promise<Standing[]> => Promise.all(personas.map((persona) => new Story(client, persona, persona.name, 1, () => undefined).play(DAYS)));
  const standingOf = (account: string): Promise<{ available: string; held: string; position: string }> => client.get(`/v1/accounts/${account}/balance`);

  it('fills accounts that spend, hold, refund and buy, and changes nothing when it is run again', async () => {
    const first = await play();
    const balances = await Promise.all(personas.map(({ name }) => standingOf(name)));
    expect(first.every(({ requests, spent }) => requests > 50 && Number(spent) > 0)).toBe(true);
    expect(balances.some(({ held }) => held !== '0')).toBe(true);

    expect(await play()).toEqual(first);
    expect(await Promise.all(personas.map(({ name }) => standingOf(name)))).toEqual(balances);
  });

  it('shows failures with their status in the usage log, and refunds in the transactions', async () => {
    const { items } = await client.get<{ items: readonly { status: number | string }[] }>('/v1/accounts/atlas-copilot/usage?limit=500');
    expect(items.length).toBeGreaterThan(100);
    const all = await Promise.all(personas.map(({ name }) => client.get<{ items: readonly { type: string }[] }>(`/v1/accounts/${name}/transactions`)));
    const types = new Set(all.flatMap((page) => page.items.map(({ type }) => type)));
    expect([...types]).toEqual(expect.arrayContaining(['purchase', 'refund']));
  });
});
