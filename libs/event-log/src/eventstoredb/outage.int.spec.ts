import { setTimeout as delay } from 'node:timers/promises';
import { DoubleProcess } from '../../../../test/support/eventstoredb/double-process.js';
import type { EventLog, RecordedEvent } from '../event-log.js';
import { aStream, collect, events, numbered } from '../testing/events.js';
import { EventStoreLog } from './event-store-log.js';

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

describe('a server that goes away', () => {
  let server: DoubleProcess;
  let log: EventStoreLog;

  beforeAll(async () => {
    server = await DoubleProcess.start();
    log = await EventStoreLog.open(server.url, { patienceMs: 2_000 });
  });

  afterAll(async () => {
    await log.close();
    await server.remove();
  });

  const callsOn = (stream: string, head: number): (() => Promise<unknown>)[] => [
    () => log.append(stream, events(1), head), () => log.append(stream, [], head), () => log.head(stream), () => log.end(),
    () => collect(log.read(stream)), () => collect(log.readAll()), () => collect(log.subscribe({ signal: AbortSignal.timeout(10_000) })),
  ];

  it('is waited for', async () => {
    const stream = aStream();
    await server.kill();
    const answer = log.append(stream, events(1), -1);
    await delay(300);
    await server.restart();
    expect(await answer).toMatchObject({ revision: 0 });
  }, 20_000);

  it('makes every call unavailable when that takes too long, those that come later at once, and is taken up again when it is back', async () => {
    const stream = aStream();
    await log.append(stream, events(2), -1);
    await server.kill();
    expect(Math.max(...await Promise.all(callsOn(stream, 1).map((call) => timed(call()))))).toBeLessThan(4_000);
    for (const call of callsOn(stream, 1)) expect(await timed(call())).toBeLessThan(1_500);
    await server.restart();
    expect(await log.append(stream, events(1), 1)).toMatchObject({ revision: 2 });
    expect(await log.head(stream)).toBe(2);
  }, 20_000);

  it('frozen for a moment, answers later', async () => {
    const stream = aStream();
    server.freeze();
    const answers = [log.append(stream, events(1), -1), log.append(aStream(), [], -1)];
    await delay(1_000);
    server.thaw();
    await Promise.all(answers);
    await log.append(stream, [], 0);
  }, 20_000);

  it('frozen for longer, is unavailable: no call waits for ever, and the same events again get the first answer', async () => {
    const [stream, other, mine] = [aStream(), aStream(), events(2)];
    await log.append(other, events(2), -1);
    server.freeze();
    const calls = [() => log.append(stream, mine, -1), ...callsOn(other, 1)];
    expect(Math.max(...await Promise.all(calls.map((call) => timed(call()))))).toBeLessThan(9_000);
    server.thaw();
    expect(await log.append(stream, mine, -1)).toMatchObject({ revision: 1 });
    expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(mine.map(({ id }) => id));
  }, 30_000);

  it('frozen, ends a subscription that nothing else shares the connection with, which goes on where it was', async () => {
    const reader = await EventStoreLog.open(`${server.url}&keepAliveInterval=1000&keepAliveTimeout=500`);
    const stop = new AbortController();
    const after = await log.end();
    const failed = (async () => { for await (const _ of reader.subscribe({ after, signal: stop.signal })); })().then(() => 'ended', (error: unknown) => error);
    await delay(100);
    server.freeze();
    expect(await failed).toMatchObject(UNAVAILABLE);
    server.thaw();
    const { position } = await log.append(aStream(), events(3), -1);
    for await (const batch of reader.subscribe({ after, signal: stop.signal })) if (batch.at(-1)?.position === position) stop.abort();
    await reader.close();
  }, 20_000);

  it('by kill -9 under load, loses nothing acknowledged, and no subscriber misses or repeats an event', async () => {
    const stop = new AbortController();
    const after = await log.end();
    const subscribers = numbered(2, () => follow(log, stop.signal));
    const enough = new AbortController();
    const writers = numbered(30, async () => {
      const [stream, acknowledged] = [aStream(), [] as string[]];
      while (!enough.signal.aborted) {
        const [mine, head] = [events(2), acknowledged.length - 1];
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
      await delay(300);
      await server.kill();
      await server.restart();
    }
    await delay(300);
    enough.abort();
    for (const { stream, acknowledged } of await Promise.all(writers)) expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(acknowledged);
    const all = await collect(log.readAll());
    expect(new Set(all.map(({ position }) => position)).size).toBe(all.length);
    expect((await collect(log.readAll({ after }))).length).toBeGreaterThan(50);
    await until(() => subscribers.every(({ seen }) => seen.length >= all.length));
    stop.abort();
    for (const { seen, failures, done } of subscribers) {
      await done;
      expect(seen).toEqual(all);
      expect(failures.length).toBeGreaterThan(0);
      for (const failure of failures) expect(failure).toMatchObject(UNAVAILABLE);
    }
  }, 60_000);
});
