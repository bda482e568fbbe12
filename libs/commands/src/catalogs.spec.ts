import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { parseCatalog } from '#libs/domain';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../event-log/src/testing/in-memory.js';
import { engineOn, handClock, origin } from './testing/engine.js';
import { FlakyLog } from './testing/flaky-log.js';

afterEach(() => jest.restoreAllMocks());

const file = parseCatalog(JSON.parse(readFileSync('catalogs/kyma.json', 'utf8')));
const changed = { ...file, policies: { ...file.policies, holdTtlSeconds: 77 } };
const CHANGED_MS = 77_000;

/** Two engines over one log; the second has seen the catalog once, and its time is moved by hand. */
const setUp = async () => {
  const store = new InMemoryStore();
  const [memory, clock, log] = [new InMemoryStreamMemory(), handClock(), new FlakyLog(new InMemoryEventLog(store))];
  const [a, b] = [engineOn(new InMemoryEventLog(store), memory, clock), engineOn(log, memory, clock)];
  await a.catalogs.execute('kyma', { type: 'ImportCatalog', file }, origin);
  const time = { ms: performance.now() };
  jest.spyOn(performance, 'now').mockImplementation(() => time.ms);
  const ttl = async (): Promise<number | undefined> => (await b.catalogs.recent('kyma')).policies.holdTtlMs;
  await ttl();
  const reads = jest.spyOn(log, 'read');
  return { a, b, time, ttl, reads };
};

it('an import that changes nothing is not answered before the log has confirmed that it does not', async () => {
  const store = new InMemoryStore();
  const [memory, clock, log] = [new InMemoryStreamMemory(), handClock(), new FlakyLog(new InMemoryEventLog(store))];
  const [a, b] = [engineOn(new InMemoryEventLog(store), memory, clock), engineOn(log, memory, clock)];
  await a.catalogs.execute('kyma', { type: 'ImportCatalog', file }, origin);
  const before = await a.catalogs.get('kyma');
  log.before = async () => { // another process is quicker
    log.before = () => Promise.resolve();
    await a.catalogs.execute('kyma', { type: 'ImportCatalog', file: changed }, origin);
  };
  const { catalog } = await b.catalogs.execute('kyma', { type: 'ImportCatalog', file }, origin);
  expect(catalog.policies).toEqual(before.policies);
  expect(catalog.revision).toBeGreaterThan(before.revision + 1);
});

describe('a catalog for answers that nothing confirms', () => {
  it('is never much older than a second, in a process that only reads too', async () => {
    const { a, time, ttl } = await setUp();
    await a.catalogs.execute('kyma', { type: 'ImportCatalog', file: changed }, origin);
    time.ms += 1_001;
    expect(await ttl()).toBe(CHANGED_MS);
  });

  it('costs one look a second, however many ask', async () => {
    const { time, ttl, reads } = await setUp();
    for (let second = 0; second < 3; second += 1) {
      time.ms += 1_001;
      await Promise.all(Array.from({ length: 1_000 }, ttl));
      await ttl();
    }
    expect(reads).toHaveBeenCalledTimes(3);
  });

  it.each([
    ['fails', (): never => { throw new Error('no log'); }],
    ['hangs', () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) })],
  ])('is what was seen last while the log %s', async (_, read) => {
    const { time, ttl, reads } = await setUp();
    const seen = await ttl();
    reads.mockImplementation(read);
    time.ms += 1_001;
    expect(await ttl()).toBe(seen);
    expect(await ttl()).toBe(seen);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('is refused where there is none', async () => {
    const { b } = await setUp();
    await expect(b.catalogs.recent('none')).rejects.toMatchObject({ code: 'not_found' });
  });
});

it('a look that was slow does not bring an older catalog back', async () => {
  const { a, b, reads } = await setUp();
  const log = reads.getMockImplementation();
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => { goOn = resolve; });
  reads.mockImplementationOnce(() => ({ [Symbol.asyncIterator]: () => ({ next: async () => { await held; return { done: true, value: undefined }; } }) }));
  const slow = b.catalogs.refresh('kyma');
  if (log) reads.mockImplementation(log);
  await a.catalogs.execute('kyma', { type: 'ImportCatalog', file: changed }, origin);
  await b.catalogs.refresh('kyma');
  goOn();
  await slow;
  expect((await b.catalogs.peek('kyma')).policies.holdTtlMs).toBe(CHANGED_MS);
});
