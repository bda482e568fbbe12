import { jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { accountStream } from '#libs/domain';
import { KafkaFeed, type KafkaSettings } from '#libs/event-feed';
import { PostgresEventLog } from '#libs/event-log';
import { startRelay } from '../../event-feed/src/kafka/testing/test-relay.js';
import { freshTopic } from '../../event-feed/src/kafka/testing/topics.js';
import { startKafka, type KafkaBroker } from '../../../test/support/kafka.js';
import type { TestDatabase } from '../../../test/support/postgres.js';
import { BalanceQuery } from './balance/query.js';
import { compareReadModels } from './compare/compare.js';
import { readModelNames } from './read-models.js';
import { appendAll, busySteps, eventsOf } from './testing/account-events.js';
import { readDatabase, ReadSide, withClient } from './testing/read-side.js';

jest.setTimeout(600_000);

const PATIENCE_MS = 120_000;
const { events } = eventsOf(busySteps(60));
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describe('read models that a topic feeds', () => {
  let broker: KafkaBroker;
  let database: TestDatabase;
  let log: PostgresEventLog;
  let settings: KafkaSettings;
  let engines: ReadSide[];
  let children: ChildProcess[];
  let relays: { stop(): Promise<void> }[];

  beforeAll(async () => { broker = await startKafka(); });
  afterAll(() => broker.stop());

  beforeEach(async () => {
    database = await readDatabase();
    log = await PostgresEventLog.open(database.url);
    settings = await freshTopic(broker.brokers, 6);
    [engines, children, relays] = [[], [], []];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(engines.map((engine) => engine.close()));
    await Promise.all(relays.map((relay) => relay.stop()));
    await log.close();
    await database.drop();
  });

  const feed = (): KafkaFeed => new KafkaFeed(settings, log, database.url, { most: 500, gatherMs: 5 });
  const engine = (): ReadSide => {
    const started = new ReadSide(database.url, log, feed());
    started.projections.start();
    engines.push(started);
    return started;
  };
  /** Asks, and applies nothing. */
  const asker = (): ReadSide => {
    const asking = new ReadSide(database.url, log, feed());
    engines.push(asking);
    return asking;
  };
  const engineProcess = (): ChildProcess => {
    const child = spawn(process.execPath, [
      '--import', file('../../../test/support/run-typescript.mjs'), file('testing/projecting-process.ts'), database.url, JSON.stringify(settings),
    ], { stdio: ['ignore', 'inherit', 'inherit'] });
    children.push(child);
    return child;
  };
  const relay = (options: Parameters<typeof startRelay>[2] = {}): void => { relays.push(startRelay(log, settings, options)); };

  /** Accounts that grow until it is stopped; resolves to how many there are then. */
  const traffic = (atOnce = 7) => {
    const stopping = new AbortController();
    const writing = (async () => {
      let account = 0;
      for (; !stopping.signal.aborted; account += 1) await appendAll(log, `w-${account}`, events, atOnce);
      return account;
    })();
    return { stop: () => { stopping.abort(); return writing; } };
  };
  const untilAll = async (asking: ReadSide, accounts: number): Promise<void> => {
    for (let account = 0; account < accounts; account += 1) await asking.projections.waitFor(`w-${account}`, events.length - 1, PATIENCE_MS);
  };
  const expectSound = async (accounts: number): Promise<void> => {
    expect(await compareReadModels({ url: database.url, log })).toMatchObject({ accounts, difference: undefined });
  };
  const applied = async (): Promise<number> => withClient(database.url, async (client) =>
    Number((await client.query<{ n: string }>('SELECT coalesce(sum(revision + 1), 0) AS n FROM read.balance')).rows[0]?.n));
  const untilApplied = async (more: number): Promise<void> => {
    const from = await applied();
    while (await applied() < from + more) await delay(50);
  };

  it('are what the log says after processes were killed, frozen and started under load, with every message delivered twice', async () => {
    relay({ times: 2 });
    const asking = asker();
    const load = traffic();
    const first = engineProcess();
    await untilApplied(200);
    engineProcess();
    await untilApplied(500);
    first.kill('SIGKILL');
    await untilApplied(500);
    const third = engineProcess();
    await untilApplied(500);
    third.kill('SIGSTOP'); // perhaps in the middle of a transaction, whose locks it keeps until the server ends it
    await untilApplied(500);
    await delay(11_000); // its partitions are given to others
    third.kill('SIGCONT');
    await untilApplied(500);
    const accounts = await load.stop();
    await untilAll(asking, accounts);
    await delay(1_000);
    await expectSound(accounts);
  });

  it('are rebuilt beside traffic, queries and two projectors, and lose nothing', async () => {
    relay();
    const [first, second] = [engine(), engine()];
    await appendAll(log, 'a', events);
    await first.projections.waitFor('a', events.length - 1, PATIENCE_MS);
    const load = traffic();
    const over = new AbortController();
    const reading = (async () => {
      const query = new BalanceQuery(second.pool);
      const seen = new Map<string, number>();
      for (let n = 0; !over.signal.aborted; n += 1) {
        const accountId = `w-${n % 20}`;
        const revision = (await query.find(accountId))?.revision ?? -1;
        expect(revision).toBeGreaterThanOrEqual(seen.get(accountId) ?? -1); // what was shown is never taken back
        seen.set(accountId, revision);
      }
    })();
    for (const name of ['all', 'tier', 'usage-log', 'all'] as const) {
      await first.projections.rebuild(name);
      await delay(300);
    }
    const accounts = await load.stop();
    await untilAll(second, accounts);
    over.abort();
    await reading;
    await expectSound(accounts + 1);
    expect((await first.projections.status()).map(({ state, lag }) => [state, lag.events])).toEqual(readModelNames.map(() => ['live', 0]));
  });

  it('go from the direct feed to a topic that began later, and back, without losing or repeating an event', async () => {
    const direct = new ReadSide(database.url, log);
    engines.push(direct);
    direct.projections.start();
    await appendAll(log, 'w-0', events.slice(0, 40));
    await direct.projections.waitFor('w-0', 39, PATIENCE_MS);
    await direct.projections.stop();
    await log.append(accountStream('w-0'), events.slice(40, 60), 39);
    relay({ after: await log.end() }); // what was appended meanwhile is in the log only
    const led = engine();
    await log.append(accountStream('w-0'), events.slice(60, 80), 59);
    await led.projections.waitFor('w-0', 79, PATIENCE_MS);
    await led.projections.stop();
    await log.append(accountStream('w-0'), events.slice(80, 90), 79);
    await appendAll(log, 'w-1', events);
    direct.projections.start();
    await direct.projections.waitFor('w-0', 89, PATIENCE_MS);
    await direct.projections.rebuild('tier'); // at one place in the log again
    await log.append(accountStream('w-0'), events.slice(90), 89);
    await untilAll(direct, 2);
    await expectSound(2);
  });

  it('are asked in a process that applies nothing, which waits for what others apply', async () => {
    relay();
    engine();
    const asking = asker();
    await appendAll(log, 'w-0', events.slice(0, 20));
    await asking.projections.waitFor('w-0', 19, PATIENCE_MS);
    const waiting = asking.projections.waitFor('w-0', events.length - 1, PATIENCE_MS);
    await log.append(accountStream('w-0'), events.slice(20), 19);
    await waiting;
    const [status] = await asking.projections.status();
    expect(status).toMatchObject({ events: events.length, position: await log.end(), lag: { events: 0, atLeast: false, seconds: 0 }, error: undefined });
  });

  it('work again in every process, once a rebuild has mended what stopped them', async () => {
    relay();
    const engines = [engine(), engine()] as const;
    await appendAll(log, 'w-0', events.slice(0, 20));
    await engines[0].projections.waitFor('w-0', 19, PATIENCE_MS);
    await withClient(database.url, (client) => client.query('UPDATE read.balance SET revision = 10'));
    // Projectors remember what they have written: others come, and look.
    await Promise.all(engines.map(({ projections }) => projections.stop()));
    for (const { projections } of engines) projections.start();
    await log.append(accountStream('w-0'), events.slice(20, 30), 19);
    const states = async () => Promise.all(engines.map(async ({ projections }) => (await projections.status())[0]?.state));
    while ((await states()).some((state) => state !== 'stopped')) await delay(50);
    await asker().projections.rebuild('all');
    await log.append(accountStream('w-0'), events.slice(30), 29);
    await untilAll(engines[1], 1);
    while ((await states()).some((state) => state !== 'live')) await delay(50);
    await expectSound(1);
  });

  it('equal the fold of the log, however appends, projectors and relays come and go', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), account: fc.nat(5), events: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('start' as const, 'stop' as const, 'relay' as const, 'rebuild' as const) }) },
    );
    const heads = new Map<number, number>();
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const asking = asker();
      for (const each of steps) {
        if (each.do === 'append') {
          const head = heads.get(each.account) ?? -1;
          const next = events.slice(head + 1, head + 1 + each.events);
          if (next.length === 0) continue;
          await log.append(accountStream(`p-${each.account}`), next, head);
          heads.set(each.account, head + next.length);
        } else if (each.do === 'start') engine();
        else if (each.do === 'stop') await engines.findLast((started) => started !== asking)?.projections.stop();
        else if (each.do === 'relay') {
          await Promise.all(relays.map((started) => started.stop()));
          relay({ times: 2 });
        } else await asking.projections.rebuild('all');
      }
      relay();
      engine();
      for (const [account, head] of heads) await asking.projections.waitFor(`p-${account}`, head, PATIENCE_MS);
      await expectSound(heads.size);
      await Promise.all(relays.map((started) => started.stop()));
      await Promise.all(engines.map((started) => started.close()));
      [relays, engines] = [[], []];
    }), { numRuns: 8 });
  });
});
