import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { accountStream } from '#libs/domain';
import { DirectFeed } from '#libs/event-feed';
import { PostgresEventLog } from '#libs/event-log';
import { startServer, type TestDatabase, type TestServer } from '../../../test/support/postgres.js';
import { compareReadModels } from './compare/compare.js';
import { appendAll, busySteps, eventsOf } from './testing/account-events.js';
import { readDatabase, ReadSide, withClient } from './testing/read-side.js';

jest.setTimeout(60_000);

const PATIENCE_MS = 10_000;

describe('projections', () => {
  let database: TestDatabase;
  let log: PostgresEventLog;
  let engines: ReadSide[] = [];
  const { events } = eventsOf(busySteps(60));

  beforeEach(async () => {
    database = await readDatabase();
    log = await PostgresEventLog.open(database.url);
  });

  afterEach(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    engines = [];
    await log.close();
    await database.drop();
  });

  const engine = (): ReadSide => {
    const started = new ReadSide(database.url, log);
    started.projections.start();
    engines.push(started);
    return started;
  };

  const untilStopped = async (errors: readonly unknown[]): Promise<void> => {
    while (errors.length === 0) await delay(10);
  };
  const balance = (accountId: string) => withClient(database.url, async (client) =>
    (await client.query<{ revision: number; remaining: string }>('SELECT revision, remaining FROM read.balance WHERE account_id = $1', [accountId])).rows[0]);
  const expectSound = async (accounts: number): Promise<void> => {
    expect(await compareReadModels({ url: database.url, log })).toMatchObject({ accounts, difference: undefined });
  };

  it('apply what was appended before they started, and what comes after', async () => {
    await appendAll(log, 'acme', events.slice(0, 50));
    const { projections } = engine();
    await projections.waitFor('acme', 49, PATIENCE_MS);
    await log.append(accountStream('acme'), events.slice(50), 49);
    await projections.waitFor('acme', events.length - 1, PATIENCE_MS);
    expect(await balance('acme')).toEqual({ revision: events.length - 1, remaining: '999910' });
    await expectSound(1);
  });

  it('have all that lies before an event they cannot read, once, however much of its batch was written by then', async () => {
    const { events: many } = eventsOf(busySteps(1_200));
    await appendAll(log, 'acme', many, 400);
    const [first] = events;
    await log.append(accountStream('acme'), [{ id: '00000000-0000-8000-8000-000000000001', type: 'SomethingNew', body: first!.body }], many.length - 1);
    const { projections, errors } = engine();
    await projections.waitFor('acme', many.length - 1, PATIENCE_MS);
    await untilStopped(errors);
    expect((await projections.status())[0]).toMatchObject({ state: 'stopped', error: expect.stringContaining(`cannot read revision ${many.length} of account-acme`) });
    await expectSound(1);
  });

  it('are waited for no longer than said', async () => {
    await appendAll(log, 'acme', events.slice(0, 5));
    const { projections } = engine();
    await projections.waitFor('acme', 4, PATIENCE_MS);
    await projections.waitFor('acme', 2, 0);
    await projections.waitFor('nobody', -1, 0);
    await expect(projections.waitFor('acme', 5, 60)).rejects.toMatchObject({ kind: 'unavailable', code: 'projection_behind' });
    await projections.waitFor('acme', 4, PATIENCE_MS);
  });

  it('are waited for in a process that does not apply', async () => {
    const first = engine();
    await appendAll(log, 'acme', events.slice(0, 1));
    await first.projections.waitFor('acme', 0, PATIENCE_MS);
    const second = engine();
    const waiting = second.projections.waitFor('acme', 9, PATIENCE_MS);
    await log.append(accountStream('acme'), events.slice(1, 10), 0);
    await waiting;
    expect((await second.projections.status()).map(({ state }) => state)).toEqual(Array(5).fill('standby'));
  });

  it('are taken over by another engine when theirs ends, with nothing lost and nothing twice', async () => {
    const [first, second, third] = [engine(), engine(), engine()];
    const appending = appendAll(log, 'acme', events, 3);
    await delay(20);
    await first.close();
    await second.close();
    engines = [third];
    await appending;
    await third.projections.waitFor('acme', events.length - 1, PATIENCE_MS);
    await expectSound(1);
  });

  it('tell where they are and how far behind', async () => {
    await appendAll(log, 'acme', events.slice(0, 10));
    const { projections } = engine();
    await projections.waitFor('acme', 9, PATIENCE_MS);
    const [status] = await projections.status();
    expect(status).toMatchObject({
      name: 'balance', version: 1, outdated: false, events: 10, position: await log.end(), lag: { events: 0, atLeast: false, seconds: 0 },
      state: 'live', error: undefined, building: undefined,
    });
    await projections.stop();
    await log.append(accountStream('acme'), events.slice(10, 15), 9);
    expect((await projections.status())[0]?.lag).toMatchObject({ events: 5, atLeast: false, seconds: expect.any(Number) as number });
  });

  it('stop at an event that nobody can read, with all before it applied, and say so', async () => {
    await appendAll(log, 'acme', events.slice(0, 7));
    await log.append(accountStream('broken'), [{ id: crypto.randomUUID(), type: 'CreditsPurchased', body: 'no JSON' }], -1);
    await log.append(accountStream('acme'), events.slice(7, 9), 6);
    const { projections, errors } = engine();
    await untilStopped(errors);
    await expect(projections.waitFor('acme', 8, 50)).rejects.toMatchObject({ code: 'projection_behind' });
    expect((await balance('acme'))?.revision).toBe(6);
    const [status] = await projections.status();
    expect(status).toMatchObject({ state: 'stopped', error: expect.stringContaining('revision 0 of account-broken') as string, lag: { events: 3 } });
    expect(errors).toHaveLength(1);
  });

  it('stop at a gap in an account\'s revisions', async () => {
    await appendAll(log, 'acme', events.slice(0, 9));
    await withClient(database.url, (client) => client.query("DELETE FROM log.events WHERE stream = 'account-acme' AND revision = 4"));
    const { projections, errors } = engine();
    await untilStopped(errors);
    await expect(projections.waitFor('acme', 8, 50)).rejects.toMatchObject({ code: 'projection_behind' });
    expect((await projections.status())[0]).toMatchObject({ state: 'stopped', error: expect.stringContaining('revision 3, and 5 came next') as string });
  });

  it('try again after a while what had looked like a fault for good', async () => {
    await appendAll(log, 'acme', events.slice(0, 9));
    const direct = new DirectFeed(log, database.url, { most: 5_000, gatherMs: 5 });
    const consume = jest.spyOn(direct, 'consume').mockImplementationOnce((consumer) => {
      const error = Object.assign(new Error('role "meterbook" is not permitted to log in'), { code: '28000' });
      consumer.observe({ status: 'stopped', error });
      return Promise.reject(error);
    });
    const side = new ReadSide(database.url, log, direct, 200);
    engines.push(side);
    side.projections.start();
    await expect(side.projections.waitFor('acme', 8, 50)).rejects.toThrow('not permitted to log in');
    await side.projections.waitFor('acme', 8, PATIENCE_MS);
    expect((await side.projections.status())[0]).toMatchObject({ state: 'live', error: undefined });
    expect(consume).toHaveBeenCalledTimes(2);
    expect(side.errors).toHaveLength(1);
  });

  it('refuse rows that were made from another log, until all are rebuilt from this one', async () => {
    const other = await readDatabase();
    const otherLog = await PostgresEventLog.open(other.url);
    await appendAll(otherLog, 'elsewhere', events.slice(0, 3));
    const before = engine();
    await appendAll(log, 'acme', events.slice(0, 5));
    await before.projections.waitFor('acme', 4, PATIENCE_MS);
    await before.close();
    engines = [];

    const moved = new ReadSide(database.url, otherLog);
    moved.projections.start();
    await untilStopped(moved.errors);
    await expect(moved.projections.waitFor('elsewhere', 2, 50)).rejects.toMatchObject({ code: 'projection_behind' });
    expect((await moved.projections.status())[0]).toMatchObject({ state: 'stopped', error: expect.stringContaining('belongs to') as string });
    await expect(moved.projections.rebuild('tier')).rejects.toMatchObject({ kind: 'conflict' });
    await moved.projections.rebuild('all');
    await otherLog.append(accountStream('elsewhere'), events.slice(3, 6), 2);
    await moved.projections.waitFor('elsewhere', 5, PATIENCE_MS);
    expect(await balance('acme')).toBeUndefined();
    expect(await compareReadModels({ url: database.url, log: otherLog })).toMatchObject({ accounts: 1, difference: undefined });
    await moved.close();
    await otherLog.close();
    await other.drop();
  });

  it('tell probes and scrapes how they are from one look, however many come at once', async () => {
    const looking = jest.spyOn(log, 'readAll');
    const side = new ReadSide(database.url, log);
    engines.push(side);
    const { projections } = side;
    const answers = await Promise.all(Array.from({ length: 50 }, () => projections.recentStatus()));
    expect(answers.every(([first]) => first?.name === 'balance')).toBe(true);
    await projections.recentStatus();
    expect(looking).toHaveBeenCalledTimes(1);
  });
});

describe('projections over a database that fails', () => {
  let server: TestServer;
  beforeAll(async () => { server = await startServer(); });
  afterAll(() => server.remove());

  it.each(['stop', 'crash'] as const)('go on by themselves after a %s, with nothing lost and nothing twice', async (way) => {
    const { events } = eventsOf(busySteps(40));
    const database = await readDatabase(server.url);
    const log = await PostgresEventLog.open(database.url);
    const engine = new ReadSide(database.url, log);
    engine.projections.start();
    await appendAll(log, 'acme', events.slice(0, 30));
    await engine.projections.waitFor('acme', 29, PATIENCE_MS);
    await server[way]();
    await expect(engine.projections.waitFor('acme', 30, 50)).rejects.toMatchObject({ code: 'projection_behind' });
    await expect(engine.projections.status()).rejects.toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    await server.start();
    const append = async (): Promise<unknown> => log.append(accountStream('acme'), events.slice(30), 29).catch(async () => { await delay(50); return append(); });
    await append();
    await engine.projections.waitFor('acme', events.length - 1, PATIENCE_MS);
    expect(await compareReadModels({ url: database.url, log })).toMatchObject({ accounts: 1, events: events.length, difference: undefined });
    expect((await engine.projections.status())[0]?.state).toBe('live');
    await engine.close();
    await log.close();
    await database.drop();
  });
});
