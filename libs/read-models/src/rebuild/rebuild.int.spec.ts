import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { accountStream } from '#libs/domain';
import { PostgresEventLog } from '#libs/event-log';
import { positionOf } from '../../../event-log/src/postgres/position.js';
import type { TestDatabase } from '../../../../test/support/postgres.js';
import { BalanceQuery } from '../balance/query.js';
import { compareReadModels } from '../compare/compare.js';
import { LIVE } from '../projector/projector.js';
import { readModelNames } from '../read-models.js';
import { appendAll, busySteps, eventsOf } from '../testing/account-events.js';
import { readDatabase, ReadSide, withClient } from '../testing/read-side.js';
import type { Progress } from './copy-tables.js';

jest.setTimeout(120_000);

const PATIENCE_MS = 20_000;
const { events } = eventsOf(busySteps(400));

describe('rebuild', () => {
  let database: TestDatabase;
  let log: PostgresEventLog;
  let engines: ReadSide[] = [];

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

  /** One that projects nothing. */
  const idleEngine = (): ReadSide => {
    const made = new ReadSide(database.url, log);
    engines.push(made);
    return made;
  };
  const engine = (): ReadSide => {
    const started = idleEngine();
    started.projections.start();
    return started;
  };

  const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    withClient(database.url, async (client) => (await client.query<Row>(text, values)).rows);
  const expectSound = async (accounts: number): Promise<void> => {
    expect(await compareReadModels({ url: database.url, log })).toMatchObject({ accounts, difference: undefined });
  };

  /** The read models have 60 events of an account, of which the log is left with 40. */
  const loseWhatWasApplied = async (): Promise<void> => {
    const { projections } = engine();
    await appendAll(log, 'acme', events.slice(0, 60));
    await projections.waitFor('acme', 59, PATIENCE_MS);
    await projections.stop();
    await sql('DELETE FROM log.events WHERE revision >= 40');
  };

  it('goes on beside traffic and queries, with several engines, and loses nothing', async () => {
    const [first, second] = [engine(), engine()];
    await Promise.all(['a', 'b', 'c'].map((id) => appendAll(log, id, events)));
    await Promise.all(['a', 'b', 'c'].map((id) => first.projections.waitFor(id, events.length - 1, PATIENCE_MS)));
    const stopping = new AbortController();
    const writing = (async () => {
      for (let account = 0; !stopping.signal.aborted; account += 1) await appendAll(log, `w-${account}`, events.slice(0, 60), 7);
    })();
    let queries = 0;
    const reading = (async () => {
      const query = new BalanceQuery(second.pool);
      for (let revision = 0; !stopping.signal.aborted; queries += 1) {
        const row = await query.find('a');
        expect(row?.revision).toBeGreaterThanOrEqual(revision);
        revision = row?.revision ?? 0;
      }
    })();
    const seen: Progress[] = [];
    for (const name of [...readModelNames, 'all'] as const) await first.projections.rebuild(name, (progress) => seen.push(progress));
    stopping.abort();
    await Promise.all([writing, reading]);
    expect(queries).toBeGreaterThan(10);
    expect(seen.every(({ events: done, total }) => done <= total)).toBe(true);
    expect(seen.at(-1)?.events).toBeGreaterThanOrEqual(events.length * 3);
    await log.append(accountStream('last'), events.slice(0, 4), -1);
    await second.projections.waitFor('last', 3, PATIENCE_MS);
    const [{ accounts } = { accounts: 0 }] = await sql<{ accounts: number }>('SELECT count(*)::integer AS accounts FROM read.balance');
    await expectSound(accounts);
  });

  it('mends rows that are wrong, and the live projector goes on from the mended ones', async () => {
    const { projections } = engine();
    await appendAll(log, 'acme', events.slice(0, 100));
    await projections.waitFor('acme', 99, PATIENCE_MS);
    await sql(`UPDATE read.balance SET grants = '[]'; DELETE FROM read.usage_log WHERE revision > 50`);
    expect((await compareReadModels({ url: database.url, log })).difference).toMatchObject({ table: 'usage_log', accountId: 'acme' });
    await projections.rebuild('balance');
    await projections.rebuild('usage-log');
    await log.append(accountStream('acme'), events.slice(100, 120), 99);
    await projections.waitFor('acme', 119, PATIENCE_MS);
    await expectSound(1);
  });

  it('leaves tables with the indexes and settings that they had', async () => {
    const shape = () => sql(`SELECT c.relname, c.reloptions, i.indexdef FROM pg_class c LEFT JOIN pg_indexes i ON i.schemaname = 'read' AND i.tablename = c.relname
      WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' ORDER BY 1, 3`);
    const before = await shape();
    await engine().projections.rebuild('all');
    expect(await shape()).toEqual(before);
  });

  it('is shown while it runs, to every process, and one runs at a time', async () => {
    const [first, second] = [engine(), engine()];
    await appendAll(log, 'acme', events);
    await first.projections.waitFor('acme', events.length - 1, PATIENCE_MS);
    // A query that stays open keeps the switch waiting.
    await withClient(database.url, async (client) => {
      await client.query('BEGIN; SELECT count(*) FROM read.tier');
      const rebuilding = first.projections.rebuild('tier');
      for (let building; !building; await delay(5)) {
        [, , , , { building } = { building: undefined }] = await second.projections.status();
        if (building) expect(building).toEqual({ events: expect.any(Number) as number, total: expect.any(Number) as number, startedAt: expect.stringMatching(/Z$/) as string });
      }
      await expect(second.projections.rebuild('balance')).rejects.toMatchObject({ kind: 'conflict', code: 'state_conflict' });
      await log.append(accountStream('later'), events.slice(0, 4), -1);
      await second.projections.waitFor('later', 3, PATIENCE_MS);
      await client.query('COMMIT');
      await rebuilding;
    });
    expect((await second.projections.status()).every(({ building }) => building === undefined)).toBe(true);
    await expectSound(2);
  });

  it('fills on while its switch has to wait, so that the last of them has little left to do', async () => {
    const { projections } = engine();
    await appendAll(log, 'acme', events);
    await projections.waitFor('acme', events.length - 1, PATIENCE_MS);
    const seen: Progress[] = [];
    const written = async (count: number): Promise<void> => { while ((seen.at(-1)?.events ?? 0) < count) await delay(20); };
    await withClient(database.url, async (client) => {
      await client.query('BEGIN; SELECT count(*) FROM read.tier');
      const rebuilding = projections.rebuild('tier', (progress) => seen.push(progress));
      await written(events.length);
      await appendAll(log, 'later', events.slice(0, 50));
      await projections.waitFor('later', 49, PATIENCE_MS);
      await written(events.length + 50);
      await client.query('COMMIT');
      await rebuilding;
    });
    await expectSound(2);
  }, 30_000);

  it('can be given up while its switch has to wait', async () => {
    const { projections } = engine();
    await appendAll(log, 'acme', events.slice(0, 100));
    await projections.waitFor('acme', 99, PATIENCE_MS);
    const stopping = new AbortController();
    await withClient(database.url, async (client) => {
      await client.query('BEGIN; SELECT count(*) FROM read.tier');
      const rebuilding = projections.rebuild('tier', undefined, stopping.signal);
      await delay(500);
      stopping.abort(new Error('enough'));
      await expect(rebuilding).rejects.toThrow('enough');
      await client.query('COMMIT');
    });
    await expectSound(1);
  }, 30_000);

  it('keeps its place where nothing of a page is to be taken', async () => {
    await appendAll(log, 'acme', events);
    await appendAll(log, 'later', events);
    expect(events.length * 2).toBeGreaterThan(600);
    // A place between the first page and the second, where no event stands.
    await sql("INSERT INTO read.checkpoint (consumer, source, position) VALUES ($1, $2, $3)", [LIVE, log.id, `${positionOf('500')}+`]);
    await idleEngine().projections.rebuild('all');
    expect(await sql('SELECT position, events::integer FROM read.checkpoint')).toEqual([{ position: positionOf('500'), events: 500 }]);
    const { projections } = engine();
    await Promise.all(['acme', 'later'].map((id) => projections.waitFor(id, events.length - 1, PATIENCE_MS)));
    await expectSound(2);
  });

  it('builds all of them where one is asked for and the log has lost events that they have', async () => {
    await loseWhatWasApplied();
    await idleEngine().projections.rebuild('tier');
    await expectSound(1);
    expect(await sql('SELECT position FROM read.checkpoint')).toEqual([{ position: await log.end() }]);
  });

  it('does so, too, where the log has grown beyond that since', async () => {
    await loseWhatWasApplied();
    await log.append(accountStream('acme'), events.slice(40, 70).map((event) => ({ ...event, id: crypto.randomUUID() })), 39);
    const before = new Date();
    await idleEngine().projections.rebuild('tier');
    expect(await sql('SELECT name FROM read.projection WHERE built_at > $1', [before])).toHaveLength(readModelNames.length);
    const again = engine();
    await again.projections.waitFor('acme', 69, PATIENCE_MS);
    await expectSound(1);
  });

  it('leaves everything live as it was when it is cut off, and starts over cleanly', async () => {
    const { projections } = engine();
    await appendAll(log, 'acme', events);
    await projections.waitFor('acme', events.length - 1, PATIENCE_MS);
    for (const afterMs of [0, 2, 5, 10, 20, 40, 80]) {
      const rebuilding = projections.rebuild('all').then(() => 'done', () => 'cut off');
      await delay(afterMs);
      await sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'meterbook rebuild'");
      await rebuilding;
      await expectSound(1);
    }
    expect((await projections.status())[0]?.building).toBeUndefined();
    await projections.rebuild('all');
    expect(await sql("SELECT 1 FROM pg_namespace WHERE nspname = 'read_next'")).toEqual([]);
    await expectSound(1);
  });

  it('can be given up', async () => {
    const { projections } = engine();
    await appendAll(log, 'acme', events.slice(0, 10));
    await projections.waitFor('acme', 9, PATIENCE_MS);
    await expect(projections.rebuild('all', undefined, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    await expectSound(1);
  });
});
