import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { DirectFeed, type Consumer } from '#libs/event-feed';
import { PostgresStreamLeases } from '#libs/event-log';
import { FEED_TABLES } from '../../libs/event-feed/src/testing/feed-tables.js';
import { closeSession, openSession } from '../../libs/event-feed/src/session.js';
import { takeTurn } from '../../libs/event-feed/src/turn.js';
import { aStream, events } from '../../libs/event-log/src/testing/events.js';
import { InMemoryEventLog } from '../../libs/event-log/src/testing/in-memory.js';
import { proxyTo, type Proxy } from '../../libs/event-log/src/testing/proxy.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from './until.js';

describe('a database connection that vanishes without a word, as a lost machine leaves it', () => {
  let database: TestDatabase;
  let proxy: Proxy;

  beforeEach(async () => {
    database = await freshDatabase();
    proxy = await proxyTo(database.url);
  });
  afterEach(async () => {
    await proxy.close();
    await database.drop();
  });

  it('does not keep the turn: another process applies what comes', async () => {
    const client = new Client(database.url);
    await client.connect();
    await client.query(FEED_TABLES);
    await client.end();
    const log = new InMemoryEventLog();
    const stop = new AbortController();
    let applied = 0;
    let standingBy: () => void = () => undefined;
    const standby = new Promise<void>((resolve) => { standingBy = resolve; });
    const consumer = (onStandby: () => void): Consumer => ({
      name: 'counter', wants: () => true, applied: () => Promise.resolve(new Map()),
      apply: (_, batch) => { applied += batch.length; return Promise.resolve(); },
      committed: () => undefined, forget: () => undefined, observe: ({ status }) => { if (status === 'standby') onStandby(); },
    });
    const untilApplied = (count: number): Promise<void> => until(`${count} events are applied`, () => applied >= count);

    const first = new DirectFeed(log, proxy.url).consume(consumer(() => undefined), stop.signal);
    await log.append(aStream(), events(1), -1);
    await untilApplied(1);
    const second = new DirectFeed(log, database.url).consume(consumer(standingBy), stop.signal);
    await standby;
    proxy.cut();
    await log.append(aStream(), events(1), -1);
    await untilApplied(2);
    stop.abort();
    await Promise.all([first, second]);
  }, 120_000);

  it('is waited for no longer than a lease is, and lets the process end', async () => {
    const leases = new PostgresStreamLeases(proxy.url, () => undefined);
    const streams = ['account-a', 'account-b', 'account-c', 'account-d'];
    const held = await Promise.all(streams.map((stream) => leases.acquire(stream, 2_000)));
    expect(held).not.toContain(undefined);
    proxy.deafen();
    for (const release of held) release?.();
    expect(await leases.acquire('account-a', 2_000)).toBeUndefined();
    await leases.close();
  }, 30_000);
});

describe('a session that has nothing to do', () => {
  it('keeps its connection and its turn for longer than the server bears silence', async () => {
    const silenceMs = 3_000;
    const database = await freshDatabase();
    const [idle, other] = [await openSession(database.url, 'idle', silenceMs), await openSession(database.url, 'other')];
    const backend = async (): Promise<unknown> => (await idle.query('SELECT pg_backend_pid()')).rows;
    const before = await backend();
    expect(await takeTurn(idle, 'a turn', AbortSignal.abort(), () => undefined)).toBe(true);

    await delay(2.5 * silenceMs);
    expect(await takeTurn(other, 'a turn', AbortSignal.abort(), () => undefined)).toBe(false);
    expect(await backend()).toEqual(before);
    await closeSession(idle);
    await closeSession(other);
    await database.drop();
  }, 30_000);
});
