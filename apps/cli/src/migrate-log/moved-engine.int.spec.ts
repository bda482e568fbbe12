import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { readSettings } from '#libs/settings';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { startEngine, type Engine } from '../engine/engine.js';

jest.setTimeout(180_000);

const TOKEN = 'moving-operator-token';
type Environment = Readonly<Record<string, string>>;

/** `meterbook …` to its end. */
const meterbook = async (env: Environment, ...args: readonly string[]): Promise<{ code: unknown; output: string }> => {
  const child = spawn(process.execPath, ['--import', path.resolve('test/support/run-typescript.mjs'), path.resolve('apps/cli/src/main.ts'), ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const [code] = await once(child, 'close') as [unknown];
  return { code, output };
};

const call = async ({ url }: Engine, method: string, at: string, body?: unknown) => {
  const response = await fetch(url + at, {
    method, headers: { authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, replayed: response.headers.get('idempotent-replayed'), body: await response.json() as Record<string, any> }; // eslint-disable-line typescript/no-explicit-any
};

const ACCOUNTS = ['acme', 'globex'];
const USAGE = { input_tokens: 4_000, output_tokens: 900 };
const held = (id: string, accountId: string): object => ({ id, accountId, model: 'claude-sonnet-4-6', usage: USAGE });
/** All that was ordered; sent again, only the hold that was closed since is refused, and nothing changes. */
const COMMANDS: readonly (readonly [at: string, body: object])[] = ACCOUNTS.flatMap((id) => [
  ['/v1/accounts', { id, catalog: 'kyma' }],
  [`/v1/accounts/${id}/purchases`, { id: 'buy-1', amount: '20' }],
  ['/v1/holds', held('req-1', id)],
  [`/v1/accounts/${id}/holds/req-1/settle`, { usage: USAGE }],
  ['/v1/holds', held('req-2', id)],
  [`/v1/accounts/${id}/refunds`, { id: 'rf-1', charge: 'req-1', amount: '0.01', reason: 'bad output' }],
] as const);

/** What callers see of all accounts. */
const readAll = async (engine: Engine): Promise<unknown> => {
  const views = ACCOUNTS.flatMap((id) => ['balance', 'usage', 'transactions', 'events?verify=true'].map((view) => `/v1/accounts/${id}/${view}`));
  return Promise.all(views.map(async (at) => {
    const { status, body: { asOf: _, ...body } } = await call(engine, 'GET', at);
    return { at, status, body };
  }));
};

describe('an engine whose log was moved', () => {
  let old: TestDatabase;
  let before: unknown;
  let environment: Environment;
  const running: Engine[] = [];

  const start = async (env: Environment): Promise<Engine> => {
    const engine = await startEngine(readSettings({ ...environment, ...env }));
    running.push(engine);
    return engine;
  };

  /** As soon as they are in this state. */
  const projections = async (engine: Engine, until: (state: string) => boolean): Promise<Record<string, unknown>> => {
    for (;;) {
      const { body: { items: [first] } } = await call(engine, 'GET', '/v1/projections');
      if (until(String(first.state))) return first as Record<string, unknown>;
    }
  };

  beforeAll(async () => {
    environment = { METERBOOK_DATA_DIR: await mkdtemp(path.join(tmpdir(), 'meterbook-moved-')), METERBOOK_OPERATOR_TOKEN: TOKEN, PORT: '0', HOST: '127.0.0.1' };
  });
  beforeEach(async () => {
    old = await freshDatabase();
    const engine = await start({ DATABASE_URL: old.url });
    for (const [at, body] of COMMANDS) expect({ at, ...await call(engine, 'POST', at, body) }).toMatchObject({ at, replayed: null });
    before = await readAll(engine);
    await engine.close();
  });
  afterEach(async () => {
    for (const engine of running.splice(0)) await engine.close();
    await old.drop();
  });

  /** The same is read, the same orders are recognised, and new ones carried out. */
  const expectToGoOn = async (engine: Engine): Promise<void> => {
    expect(await readAll(engine)).toEqual(before);
    for (const [at, body] of COMMANDS) expect({ at, ...await call(engine, 'POST', at, body) }).toMatchObject('id' in body && body.id === 'req-1' ? { at, status: 409, body: { code: 'hold_closed' } } : { at, replayed: 'true' });
    expect(await readAll(engine)).toEqual(before);
    expect(await call(engine, 'POST', '/v1/accounts/acme/purchases', { id: 'buy-2', amount: '5' })).toMatchObject({ status: 201, replayed: null });
  };

  it('goes on over EventStoreDB where it was, once the read models were rebuilt, and says what is wrong before', async () => {
    const node = await ServerDouble.start();
    const moved = { DATABASE_URL: old.url, EVENT_LOG: 'eventstoredb', EVENTSTOREDB_URL: node.url };
    await expect(start(moved)).rejects.toThrow(/have not all been moved to the EventStoreDB.*: move them with meterbook migrate-log --to, or/);

    expect(await meterbook({ ...environment, DATABASE_URL: old.url }, 'migrate-log', '--to', node.url)).toMatchObject({ code: 0 });
    await expect(start({ DATABASE_URL: old.url })).rejects.toThrow(/sealed, since it was moved to another place/);
    expect(await meterbook({ ...environment, DATABASE_URL: old.url }, 'verify')).toMatchObject({ code: 0 });
    const other = await ServerDouble.start();
    await expect(start({ ...moved, EVENTSTOREDB_URL: other.url })).rejects.toThrow(/have not all been moved.*: finish meterbook migrate-log --to/);
    await other.stop();

    const early = await start(moved);
    expect(await projections(early, (state) => state === 'stopped')).toMatchObject({ error: expect.stringMatching(/the checkpoint belongs to .*; rebuild all read models from this log/) as unknown });
    expect(await call(early, 'GET', '/health/ready')).toMatchObject({ status: 503 });
    expect(await call(early, 'POST', '/v1/accounts', { id: 'early', catalog: 'kyma' })).toMatchObject({ status: 201 });
    expect(await call(early, 'GET', '/v1/accounts/early/balance')).toMatchObject({ status: 503, body: { code: 'projection_behind', detail: expect.stringContaining('have stopped: read-models: the checkpoint belongs to') as unknown } });
    await early.close();

    expect(await meterbook({ ...environment, ...moved }, 'rebuild')).toMatchObject({ code: 0, output: expect.stringMatching(/^rebuilt all in .* s$/m) as unknown });
    const engine = await start(moved);
    expect(await projections(engine, (state) => state === 'live')).toMatchObject({ lag: { events: 0 } });
    await expectToGoOn(engine);
    await engine.close();
    await node.stop();
  });

  it('goes on over another database where it was', async () => {
    const other = await freshDatabase();
    expect(await meterbook({ ...environment, DATABASE_URL: old.url }, 'migrate-log', '--to', other.url)).toMatchObject({ code: 0 });
    expect(await meterbook({ ...environment, DATABASE_URL: other.url }, 'rebuild')).toMatchObject({ code: 0 });
    await expectToGoOn(await start({ DATABASE_URL: other.url }));
    for (const engine of running.splice(0)) await engine.close();
    await other.drop();
  });
});
