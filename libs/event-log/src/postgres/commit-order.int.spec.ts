import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { aStream, collect, events, numbered } from '../testing/events.js';
import { PostgresEventLog } from './postgres-event-log.js';

describe('positions', () => {
  let database: TestDatabase;
  let observer: Client;

  beforeAll(async () => {
    database = await freshDatabase();
    observer = new Client(database.url);
    await observer.connect();
  });

  afterAll(async () => {
    await observer.end();
    await database.drop();
  });

  it('have no gap at any instant, whichever of four processes commits', async () => {
    const logs = await Promise.all(numbered(4, () => PostgresEventLog.open(database.url)));
    const written = new AbortController();
    const observed = (async () => {
      const counts: number[] = [];
      while (!written.signal.aborted) {
        const { rows: [row] } = await observer.query<{ events: string; tip: string }>('SELECT count(*) AS events, coalesce(max(position), 0) AS tip FROM log.events');
        expect(row?.tip).toBe(row?.events);
        counts.push(Number(row?.events));
        await delay(1);
      }
      return counts;
    })();
    const positions = await Promise.all(logs.flatMap((log) => numbered(20, async () => {
      const [stream, answered] = [aStream(), [] as string[]];
      for (let at = -1; at < 29; at += 3) answered.push((await log.append(stream, events(3), at)).position as string);
      return answered;
    })));
    written.abort();
    const counts = await observed;
    expect(new Set(counts).size).toBeGreaterThan(10); // it did look in between
    for (const answered of positions) expect(answered).toEqual([...answered].sort());
    const all = await collect((logs[0] as PostgresEventLog).readAll());
    expect(all.map(({ position }) => Number(position))).toEqual(numbered(4 * 20 * 30, (n) => n + 1));
    await Promise.all(logs.map((log) => log.close()));
  });

  it('and all else are found along an index, by sessions that began on an empty table too', async () => {
    const log = await PostgresEventLog.open(database.url);
    const stream = aStream();
    await Promise.all(numbered(50, (n) => log.append(stream, events(1), n - 1)));
    await log.append(stream, [], 49, { guards: [{ stream: aStream(), revision: -1 }] });
    await expect(log.append(stream, events(2), 3)).rejects.toThrow('revision');
    await collect(log.read(stream));
    await collect(log.readAll());
    await log.head(stream);
    await log.end();
    await log.close();
    const { rows: [before] } = await observer.query<{ scans: string }>("SELECT seq_scan AS scans FROM pg_stat_user_tables WHERE relname = 'events'");
    await observer.query('SELECT count(*) FROM log.events WHERE body = $1', ['']);
    await observer.query('SELECT pg_stat_force_next_flush()');
    const { rows: [after] } = await observer.query<{ scans: string }>("SELECT seq_scan AS scans FROM pg_stat_user_tables WHERE relname = 'events'");
    expect(Number(after?.scans)).toBeGreaterThan(Number(before?.scans)); // a scan is seen
  });
});
