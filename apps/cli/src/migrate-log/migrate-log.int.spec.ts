import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { jest } from '@jest/globals';
import { openEventLog } from '#libs/engine';
import { PostgresEventLog, PostgresStreamMemory, type EventLog, type RecordedEvent, type StreamMemory } from '#libs/event-log';
import { engineOn, handClock, hold, settle, withCredit, type Engine } from '../../../../libs/commands/src/testing/engine.js';
import { anEvent } from '../../../../libs/event-log/src/testing/events.js';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { verifyLog } from '../verify/verify-log.js';

jest.setTimeout(180_000);

const ACCOUNTS = Array.from({ length: 40 }, (_, n) => `small-${n}`);
/** Holds of the large account: enough for snapshots, and for several pages of the copy. */
const HOLDS = 1_200;

/** A log with what writers remember of it. */
interface Books {
  readonly log: EventLog;
  readonly memory: StreamMemory;
  readonly engine: Engine;
  close(): Promise<void>;
}

const openBooks = async (log: EventLog, databaseUrl: string): Promise<Books> => {
  const memory = await PostgresStreamMemory.open(databaseUrl, log.id);
  return { log, memory, engine: engineOn(log, memory, handClock()), close: async () => { await Promise.all([log.close(), memory.close()]); } };
};

const fill = async ({ engine }: Books): Promise<void> => {
  await withCredit(engine, 'large', '100000');
  for (const accountId of ACCOUNTS) await withCredit(engine, accountId, '10');
  const holds = Array.from({ length: HOLDS }, (_, n) => n);
  await Promise.all(holds.map((n) => engine.run('large', hold(`h-${n}`, '0.02'))));
  await Promise.all(holds.filter((n) => n % 3 > 0).map((n) => engine.run('large', settle(`h-${n}`, '0.01'))));
  await Promise.all(ACCOUNTS.map((accountId) => engine.run(accountId, hold('mine', '1'))));
};

const allOf = async (log: EventLog): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const page of log.readAll()) events.push(...page);
  return events;
};
/** All but positions, which are each log's own. */
const byPlace = (events: readonly RecordedEvent[]): Map<string, object> =>
  new Map(events.map(({ stream, revision, id, type, body }) => [`${stream} ${revision}`, { id, type, body }]));

class Migration {
  output = '';
  private readonly child;
  private readonly ended;

  constructor(args: readonly string[]) {
    const [hooks, main] = [path.resolve('test/support/run-typescript.mjs'), path.resolve('apps/cli/src/main.ts')];
    this.child = spawn(process.execPath, ['--import', hooks, main, 'migrate-log', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const out of [this.child.stdout, this.child.stderr]) out.on('data', (chunk: Buffer) => { this.output += chunk.toString(); });
    this.ended = once(this.child, 'close') as Promise<[number | null]>;
  }

  get running(): boolean { return this.child.exitCode === null; }

  async code(): Promise<number | null> {
    return (await this.ended)[0];
  }

  kill(): Promise<unknown> {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}

describe('meterbook migrate-log', () => {
  let database: TestDatabase;
  let source: Books;
  let before: RecordedEvent[];

  beforeAll(async () => {
    database = await freshDatabase();
    source = await openBooks(await PostgresEventLog.open(database.url), database.url);
    await fill(source);
    before = await allOf(source.log);
    expect(before.length).toBeGreaterThan(2_000);
    expect(await source.memory.load('account-large')).toBeDefined();
  });
  afterAll(async () => {
    await source.close();
    await database.drop();
  });

  const migrate = (...args: readonly string[]): Migration => new Migration(['--from', database.url, ...args]);

  /** The copy is the log, and an engine on it goes on where the other one was. */
  const expectMoved = async (copy: Books): Promise<void> => {
    expect(byPlace(await allOf(copy.log))).toEqual(byPlace(before));
    expect(await copy.memory.load('account-large')).toEqual(await source.memory.load('account-large'));
    await verifyLog(copy.log, copy.memory, (_title, _total, work) => work(() => undefined), { counted: copy.log instanceof PostgresEventLog });
    const [was, is] = [await source.engine.accounts.asOf('large', '2030-01-01T00:00:00.000Z'), await copy.engine.accounts.asOf('large', '2030-01-01T00:00:00.000Z')];
    expect(is).toEqual(was);
    // Ids are never forgotten: of a hold long closed, and of one that is open.
    expect(await copy.engine.run('large', settle('h-1', '0.01'))).toMatchObject({ repeated: true });
    await expect(copy.engine.run('large', settle('h-1', '0.015'))).rejects.toMatchObject({ code: 'hold_closed' });
    expect(await copy.engine.run('small-3', hold('mine', '1'))).toMatchObject({ repeated: true });
    expect(await copy.engine.run('small-3', hold('another', '1'))).toMatchObject({ repeated: false });
  };

  it('moves a log to EventStoreDB, killed twice in the middle and run again, while an engine tries to write', async () => {
    const node = await ServerDouble.start();
    node.faults.answerAfterMs = 300;
    for (const events of [100, 1_100]) { // in the first page, of which nothing is recorded yet, and in the second
      const cutOff = migrate('--to', node.url);
      while (node.store.all.length < events && cutOff.running) await delay(20);
      await cutOff.kill();
    }
    node.faults.answerAfterMs = 0;
    expect(node.store.all.length).toBeLessThan(before.length);

    await expect(source.engine.run('small-1', hold('late', '1'))).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('sealed') as string });
    const last = migrate('--to', node.url);
    expect({ code: await last.code(), output: last.output }).toMatchObject({ code: 0 });
    expect(last.output).toMatch(/going on after \d[\d,]* events that were copied before/);
    expect(last.output).toMatch(/2,\d+ events copied and compared, byte by byte, with 1 snapshot and \d/);
    await expect(source.engine.run('small-1', hold('late', '1'))).rejects.toMatchObject({ kind: 'unavailable' });

    const copy = await openBooks(await openEventLog({ databaseUrl: database.url, eventLog: { kind: 'eventstoredb', url: node.url } }), database.url);
    await expectMoved(copy);
    await copy.close();
    await node.stop();
  });

  it('moves a log to another database, with what its writers remember', async () => {
    const other = await freshDatabase();
    const run = migrate('--to', other.url);
    expect({ code: await run.code(), output: run.output }).toMatchObject({ code: 0 });
    const copy = await openBooks(await PostgresEventLog.open(other.url), other.url);
    await expectMoved(copy);
    await copy.close();
    await other.drop();
  });

  it('writes nothing to a log that has other events, and seals nothing for it', async () => {
    const [here, there] = [await freshDatabase(), await freshDatabase()];
    const [from, to] = [await PostgresEventLog.open(here.url), await PostgresEventLog.open(there.url)];
    for (const stream of ['account-a', 'account-b']) await from.append(stream, [anEvent()], -1);
    await to.append('account-b', [anEvent()], -1);
    const events = await allOf(to);
    const run = new Migration(['--from', here.url, '--to', there.url]);
    expect(await run.code()).toBe(1);
    expect(run.output).toMatch(/^meterbook: The log to copy to has events that are not of this move\. Copy into an empty one\. Nothing was done: the old log is as it was\.$/m);
    expect(await allOf(to)).toEqual(events);
    await from.append('account-a', [anEvent()], 0);
    await Promise.all([from.close(), to.close()]);
    await Promise.all([here.drop(), there.drop()]);
  });

  it('opens the log again when the move is called off', async () => {
    const run = migrate('--unseal');
    expect({ code: await run.code(), output: run.output }).toMatchObject({ code: 0, output: expect.stringContaining('open again') as string });
    expect(await source.engine.run('small-1', hold('late', '1'))).toMatchObject({ repeated: false });
  });

  it('says what it needs', async () => {
    const [nowhere, itself] = [migrate(), migrate('--to', database.url)];
    expect(await nowhere.code()).toBe(1);
    expect(nowhere.output).toBe('meterbook: One of --to and --unseal is needed: where the log goes, or that it stays.\n');
    expect(await itself.code()).toBe(1);
    expect(itself.output).toContain('meterbook: --from and --to are the same log.\n');
  });
});
