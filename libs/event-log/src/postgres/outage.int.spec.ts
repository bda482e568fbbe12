import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { freshDatabase, startServer, type TestDatabase, type TestServer } from '../../../../test/support/postgres.js';
import type { EventLog, RecordedEvent } from '../event-log.js';
import { aStream, collect, events, numbered } from '../testing/events.js';
import { PostgresEventLog } from './postgres-event-log.js';
import { LOCKS } from './schema.js';

const UNAVAILABLE = { kind: 'unavailable', code: 'log_unavailable' };

/** Reads everything for ever, opening the subscription again where it was whenever it fails, as the port says. */
const follow = (log: EventLog, signal: AbortSignal): { seen: RecordedEvent[]; failures: unknown[]; done: Promise<void> } => {
  const [seen, failures] = [[] as RecordedEvent[], [] as unknown[]];
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const batch of log.subscribe({ after: seen.at(-1)?.position, batchSize: 50, signal })) seen.push(...batch);
      } catch (error) {
        failures.push(error);
        await delay(20);
      }
    }
  };
  return { seen, failures, done: run() };
};

const until = async (happened: () => boolean | Promise<boolean>): Promise<void> => {
  while (!await happened()) await delay(10);
};

const timed = async (work: Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await expect(work).rejects.toMatchObject(UNAVAILABLE);
  return performance.now() - start;
};

describe('a database that stops', () => {
  let server: TestServer;
  let log: PostgresEventLog;

  beforeAll(async () => {
    server = await startServer();
    log = await PostgresEventLog.open(`${server.url}/postgres`);
  });

  afterAll(async () => {
    await log.close();
    await server.remove();
  });

  it('makes every call unavailable at once, and is taken up again when it is back; a subscription goes on without a gap', async () => {
    const stop = new AbortController();
    const subscriber = follow(log, stop.signal);
    const stream = aStream();
    await log.append(stream, events(2), -1);
    await until(() => subscriber.seen.length === 2);
    await server.stop();
    for (const call of [
      () => log.append(stream, events(1), 1), () => log.append(stream, [], 1), () => log.head(stream), () => log.end(),
      () => collect(log.read(stream)), () => collect(log.readAll()),
    ]) expect(await timed(call())).toBeLessThan(2_000);
    await server.start();
    const back = await log.append(stream, events(1), 1);
    expect(back.revision).toBe(2);
    await until(() => subscriber.seen.length === 3);
    const other = await PostgresEventLog.open(`${server.url}/postgres`);
    await other.append(stream, events(1), 2);
    await until(() => subscriber.seen.length === 4);
    await other.close();
    stop.abort();
    await subscriber.done;
    expect(subscriber.seen).toEqual(await collect(log.readAll()));
    expect(subscriber.failures).toEqual([]); // one that waits for news does not even notice
  }, 20_000);

  it.each(['stop', 'crash'] as const)('loses nothing acknowledged on a %s under load, and no subscriber misses or repeats an event', async (way) => {
    const stop = new AbortController();
    const subscribers = numbered(2, () => follow(log, stop.signal));
    const enough = new AbortController();
    const writers = numbered(30, async () => {
      const [stream, acknowledged] = [aStream(), [] as string[]];
      while (!enough.signal.aborted) {
        const mine = events(2);
        const head = acknowledged.length - 1;
        try {
          await log.append(stream, mine, head);
        } catch (error) {
          expect(error).toMatchObject(UNAVAILABLE);
          // The outcome may be unknown: the same events again get the first answer.
          await until(() => log.append(stream, mine, head).then(() => true, () => false));
        }
        acknowledged.push(...mine.map(({ id }) => id));
      }
      return { stream, acknowledged };
    });
    for (let round = 0; round < 3; round += 1) {
      await delay(150);
      await server[way]();
      await delay(100);
      await server.start();
    }
    await delay(150);
    enough.abort();
    for (const { stream, acknowledged } of await Promise.all(writers)) expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(acknowledged);
    const all = await collect(log.readAll());
    expect(all.map(({ position }) => Number(position))).toEqual(numbered(all.length, (n) => n + 1));
    await until(() => subscribers.every(({ seen }) => seen.length >= all.length));
    stop.abort();
    for (const { seen, failures, done } of subscribers) {
      await done;
      expect(seen).toEqual(all);
      for (const failure of failures) expect(failure).toMatchObject(UNAVAILABLE);
    }
  }, 60_000);
});

describe('a database in trouble', () => {
  let database: TestDatabase;
  let log: PostgresEventLog;
  let admin: Client;

  beforeAll(async () => {
    database = await freshDatabase();
    log = await PostgresEventLog.open(database.url);
    admin = new Client(database.url);
    await admin.connect();
    await admin.query(`
      CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'trouble' USING ERRCODE = TG_ARGV[0];
      END $$`);
  });

  afterAll(async () => {
    await log.close();
    await admin.end();
    await database.drop();
  });

  it.each([
    ['a full disk', '53100'], ['no memory', '53200'], ['a read-only database', '25006'], ['an I/O error', '58030'], ['a serialization failure', '40001'],
  ])('(%s) makes appends unavailable, reads go on, and it recovers by itself', async (_, code) => {
    const stream = aStream();
    await log.append(stream, events(1), -1);
    await admin.query(`CREATE TRIGGER trouble BEFORE INSERT ON log.events FOR EACH ROW EXECUTE FUNCTION trouble('${code}')`);
    const refused = await Promise.allSettled([log.append(stream, events(1), 0), ...numbered(5, () => log.append(aStream(), events(1), -1))]);
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: UNAVAILABLE });
    expect(await log.head(stream)).toBe(0);
    await log.append(stream, [], 0);
    await admin.query('DROP TRIGGER trouble ON log.events');
    expect(await log.append(stream, events(1), 0)).toMatchObject({ revision: 1 });
  });

  it('whose other writer froze while it held the lock makes appends unavailable, not hang', async () => {
    await admin.query(`SELECT pg_advisory_lock(${LOCKS.append})`);
    expect(await timed(log.append(aStream(), events(1), -1))).toBeLessThan(8_000);
    await admin.query(`SELECT pg_advisory_unlock(${LOCKS.append})`);
    await log.append(aStream(), events(1), -1);
  }, 15_000);

  it('that ends the session of a subscription still wakes it soon', async () => {
    const [stop, other] = [new AbortController(), await PostgresEventLog.open(database.url)];
    const subscriber = follow(log, stop.signal);
    for (let n = 0; n < 5; n += 1) {
      const { position } = await other.append(aStream(), events(1), -1);
      await until(() => subscriber.seen.at(-1)?.position === position);
      await until(async () => (await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'meterbook log listener'",
      )).rows.length > 0);
    }
    stop.abort();
    await subscriber.done;
    expect(subscriber.seen).toEqual(await collect(log.readAll()));
    expect(subscriber.failures).toEqual([]);
    await other.close();
  }, 30_000);
});
