import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { catalogStream, parseCatalog, type Catalog } from '#libs/domain';
import type { EventLog } from '#libs/event-log';
import { collect } from '../../event-log/src/testing/events.js';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../event-log/src/testing/in-memory.js';
import { engineOn, handClock, origin, withCredit, type Engine } from './testing/engine.js';
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
  return { a, b, log, time, ttl, reads };
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

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(() => setImmediate(resolve)); });

/** Has the next read give what is there now only once it is told to go on. */
const holdBack = (reads: jest.Spied<EventLog['read']>, log: EventLog): (() => void) => {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => { goOn = resolve; });
  reads.mockImplementationOnce(async function* seenBefore(...args) {
    const seen = await collect(log.read(...args));
    await held;
    yield seen;
  });
  return goOn;
};

it('a look that was slow does not bring an older catalog back', async () => {
  const { a, b, log, reads } = await setUp();
  const goOn = holdBack(reads, log);
  const slow = b.catalogs.refresh('kyma');
  await turn();
  await a.catalogs.execute('kyma', { type: 'ImportCatalog', file: changed }, origin);
  await b.catalogs.refresh('kyma');
  goOn();
  await slow;
  expect((await b.catalogs.peek('kyma')).policies.holdTtlMs).toBe(CHANGED_MS);
});

describe('a log that is set back beneath a running engine, which knows a rate card that is lost', () => {
  const stream = catalogStream('kyma');
  const request = { model: 'qwen-3-32b', usage: { input_tokens: '1000000' } };
  const FIRST_PRICE = '0.39';

  const publish = async ({ catalogs }: Engine, id: string, price: string): Promise<void> => {
    const { versions } = await catalogs.get('kyma');
    const models = (versions[0]?.models ?? []).map((model) => (model.model !== request.model ? model
      : { ...model, components: model.components.map((component) => ({ ...component, price }) as typeof component) }));
    await catalogs.execute('kyma', { type: 'PublishRateCard', id, effectiveFrom: '2026-11-21T00:00:00.000Z', models }, origin);
  };
  const cardsOf = (catalog?: Catalog): unknown[] => (catalog?.versions ?? []).map(({ id }) => id);
  const priceOf = async ({ run }: Engine, holdId: string): Promise<string | undefined> => (await run('acme', { type: 'PlaceHold', holdId, request })).hold?.held;

  /** The engine `a` has published a card and priced by it, and the log has lost that card, or all of the catalog. */
  const setBack = async (lose: 'card' | 'catalog' = 'card') => {
    const store = new InMemoryStore();
    const [memory, clock, log] = [new InMemoryStreamMemory(), handClock(), new FlakyLog(new InMemoryEventLog(store))];
    const a = engineOn(log, memory, clock);
    await withCredit(a, 'acme', '100');
    const before = cardsOf(await a.catalogs.get('kyma'));
    await publish(a, 'lost', '7');
    const rewind = (): void => { store.streams.set(stream, (store.streams.get(stream) ?? []).slice(0, lose === 'card' ? -1 : 0)); };
    return { a, log, before, rewind, elsewhere: engineOn(new InMemoryEventLog(store), memory, clock) };
  };

  it('prices by what the log has once others have written on', async () => {
    const { a, before, rewind, elsewhere } = await setBack();
    expect(await priceOf(a, 'h-1')).toBe('7');
    rewind();
    await publish(elsewhere, 'other', '2');
    await publish(elsewhere, 'another', '3');
    expect(await priceOf(a, 'h-2')).toBe('3');
    expect(cardsOf(await a.catalogs.get('kyma'))).toEqual([...before, 'other', 'another']);
  });

  it('is found out by the next decision where nobody writes on', async () => {
    const { a, before, rewind } = await setBack();
    rewind();
    expect(await priceOf(a, 'h-1')).toBe(FIRST_PRICE);
    expect(cardsOf(await a.catalogs.peek('kyma'))).toEqual(before);
    await publish(a, 'again', '5');
    expect(await priceOf(a, 'h-2')).toBe('5');
  });

  it('is found out by an import and by a look, too', async () => {
    const { a, before, rewind } = await setBack();
    rewind();
    expect(cardsOf(await a.catalogs.get('kyma'))).toEqual(before);
    await publish(a, 'lost-too', '5');
    rewind();
    expect(cardsOf((await a.catalogs.execute('kyma', { type: 'ImportCatalog', file }, origin)).catalog)).toEqual(before);
  });

  it('leaves nothing of a catalog that is lost altogether, which may be imported again', async () => {
    const { a, rewind } = await setBack('catalog');
    rewind();
    await expect(a.catalogs.get('kyma')).rejects.toMatchObject({ code: 'not_found' });
    await expect(a.catalogs.peek('kyma')).rejects.toMatchObject({ code: 'not_found' });
    await a.catalogs.execute('kyma', { type: 'ImportCatalog', file }, origin);
    expect(await priceOf(a, 'h-1')).toBe(FIRST_PRICE);
  });

  it('does not have the lost card brought back by a look that was slow', async () => {
    const { a, log, before, rewind } = await setBack();
    const slow = jest.spyOn(log, 'read');
    const goOn = holdBack(slow, log);
    const looked = a.catalogs.refresh('kyma');
    await turn();
    rewind();
    expect(cardsOf(await a.catalogs.get('kyma'))).toEqual(before);
    goOn();
    expect(cardsOf((await looked)?.catalog)).toEqual(before);
    expect(cardsOf(await a.catalogs.peek('kyma'))).toEqual(before);
  });
});
