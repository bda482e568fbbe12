import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import type { Appended } from '../event-log.js';
import { aStream, collect, events, numbered } from '../testing/events.js';
import { proxyTo, type Proxy } from '../testing/proxy.js';
import { PostgresEventLog } from './postgres-event-log.js';
import { LOCKS } from './schema.js';

describe('an append whose answer is lost', () => {
  let database: TestDatabase;
  let proxy: Proxy;
  let log: PostgresEventLog;
  let admin: Client;

  beforeAll(async () => {
    database = await freshDatabase();
    proxy = await proxyTo(database.url);
    log = await PostgresEventLog.open(proxy.url);
    admin = new Client(database.url);
    await admin.connect();
  });

  afterAll(async () => {
    await log.close();
    await proxy.close();
    await admin.end();
    await database.drop();
  });

  const writers = async (): Promise<number[]> => {
    const { rows } = await admin.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^meterbook log [0-9a-f-]+$'",
    );
    return rows.map(({ pid }) => pid);
  };
  const waiting = async (): Promise<void> => {
    for (;;) {
      const { rows } = await admin.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
      if (rows.length > 0) return;
      await delay(5);
    }
  };
  const expectOnce = async (stream: string, written: readonly { id: string }[]): Promise<void> => {
    expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(written.map(({ id }) => id));
  };

  it('is found when it was committed', async () => {
    const [stream, mine] = [aStream(), events(3)];
    await log.append(aStream(), events(1), -1);
    proxy.deafen();
    const answer = log.append(stream, mine, -1);
    while ((await admin.query('SELECT FROM log.events WHERE stream = $1', [stream])).rows.length === 0) await delay(5);
    proxy.cut();
    expect(await answer).toMatchObject({ revision: 2 });
    await expectOnce(stream, mine);
  });

  it('is done when the session ended before it was committed', async () => {
    await log.append(aStream(), events(1), -1);
    await admin.query(`SELECT pg_advisory_lock(${LOCKS.append})`);
    const [stream, mine] = [aStream(), events(2)];
    const answer = log.append(stream, mine, -1);
    await waiting();
    for (const pid of await writers()) await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    await delay(100);
    await admin.query(`SELECT pg_advisory_unlock(${LOCKS.append})`);
    expect(await answer).toMatchObject({ revision: 1 });
    await expectOnce(stream, mine);
  });

  it('is done once when the session lives on without us, about to commit', async () => {
    await log.append(aStream(), events(1), -1);
    await admin.query(`SELECT pg_advisory_lock(${LOCKS.append})`);
    const [stream, mine, [orphan]] = [aStream(), events(2), await writers()];
    const answer = log.append(stream, mine, -1);
    await waiting();
    proxy.cut();
    while ((await writers()).includes(orphan as number)) await delay(5);
    await admin.query(`SELECT pg_advisory_unlock(${LOCKS.append})`);
    expect(await answer).toMatchObject({ revision: 1 });
    await expectOnce(stream, mine);
  });

  /** One that could not even connect is refused; the same events again then have their first, or only, effect. */
  const appendSurely = async (stream: string, mine: ReturnType<typeof events>, expected: number): Promise<Appended> => {
    try {
      return await log.append(stream, mine, expected);
    } catch (error) {
      expect(error).toMatchObject({ code: 'log_unavailable' });
      return appendSurely(stream, mine, expected);
    }
  };

  it('has its effect once, however often sessions are ended under load', async () => {
    let ended = 0;
    const stop = new AbortController();
    const killing = (async () => {
      while (!stop.signal.aborted) {
        for (const pid of await writers()) ended += (await admin.query('SELECT pg_terminate_backend($1)', [pid])).rowCount ?? 0;
        await delay(Math.random() * 30);
      }
    })();
    const streams = await Promise.all(numbered(40, async () => {
      const [stream, mine] = [aStream(), numbered(25, () => events(2))];
      for (const [n, pair] of mine.entries()) expect(await appendSurely(stream, pair, n * 2 - 1)).toMatchObject({ revision: n * 2 + 1 });
      return { stream, written: mine.flat() };
    }));
    stop.abort();
    await killing;
    expect(ended).toBeGreaterThan(5);
    for (const { stream, written } of streams) await expectOnce(stream, written);
    const all = await collect(log.readAll());
    expect(all.map(({ position }) => Number(position))).toEqual(numbered(all.length, (n) => n + 1));
  }, 60_000);
});
