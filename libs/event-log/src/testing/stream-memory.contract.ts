import { randomUUID } from 'node:crypto';
import type { Snapshot, StreamMemory } from '../stream-memory.js';
import { aStream, numbered } from './events.js';

/** One empty store for the suite; each connection remembers for the log with the id that it is given. */
export interface StreamMemoryStore {
  connect(logId: string): Promise<StreamMemory>;
  remove(): Promise<void>;
}

const snapshot = (revision: number, state = `{"at":${revision}}`): Snapshot => ({ revision, hash: `hash of ${revision}`, version: 3, state });

/** What every adapter of the port has to do. `open` makes an empty store. */
export const streamMemoryContract = (name: string, open: () => Promise<StreamMemoryStore>): void => describe(name, () => {
  const logId = randomUUID();
  let store: StreamMemoryStore;
  let memory: StreamMemory;

  beforeAll(async () => {
    store = await open();
    memory = await store.connect(logId);
  });

  afterAll(() => store.remove());

  it('knows nothing at first', async () => {
    expect(await memory.load(aStream())).toBeUndefined();
    expect(await memory.find(aStream(), ['hold/a', 'hold/b'])).toEqual(new Map());
    expect(await memory.find(aStream(), [])).toEqual(new Map());
  });

  it('gives back a snapshot as it was saved', async () => {
    const stream = aStream();
    const saved = snapshot(41, ` {"text":"äöü 日本 \\u0000 \\"'{},"} ${'z'.repeat(200_000)}`);
    await memory.save(stream, saved, []);
    expect(await memory.load(stream)).toEqual(saved);
    expect(await memory.load(aStream())).toBeUndefined();
  });

  it('replaces it by a newer one', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(10), []);
    await memory.save(stream, { ...snapshot(20), version: 4 }, []);
    expect(await memory.load(stream)).toEqual({ ...snapshot(20), version: 4 });
  });

  it('keeps the newer one, but adds the ids that come with an older one', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(20), [{ key: 'hold/b', revision: 15 }]);
    await memory.save(stream, snapshot(10), [{ key: 'hold/a', revision: 5 }]);
    expect(await memory.load(stream)).toEqual(snapshot(20));
    expect(await memory.find(stream, ['hold/a', 'hold/b'])).toEqual(new Map([['hold/a', [5]], ['hold/b', [15]]]));
  });

  it('takes a state of another version at the same revision', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(20), []);
    await memory.save(stream, { ...snapshot(20, 'new'), version: 4 }, []);
    expect(await memory.load(stream)).toEqual({ ...snapshot(20, 'new'), version: 4 });
  });

  it('finds every revision of an id, ascending, and only ids that were used', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(100), [{ key: 'hold/a', revision: 70 }, { key: 'hold/a', revision: 9 }, { key: 'hold/b', revision: 8 }]);
    await memory.save(stream, snapshot(200), [{ key: 'hold/a', revision: 170 }]);
    expect(await memory.find(stream, ['hold/a', 'hold/c', 'hold/b', 'hold/a'])).toEqual(new Map([['hold/a', [9, 70, 170]], ['hold/b', [8]]]));
    expect(await memory.find(aStream(), ['hold/a'])).toEqual(new Map());
  });

  it('changes nothing when the same is saved again', async () => {
    const stream = aStream();
    const uses = [{ key: 'hold/a', revision: 7 }, { key: 'usage/a', revision: 8 }];
    await Promise.all(numbered(5, () => memory.save(stream, snapshot(9), uses)));
    expect(await memory.load(stream)).toEqual(snapshot(9));
    expect(await memory.find(stream, ['hold/a', 'usage/a'])).toEqual(new Map([['hold/a', [7]], ['usage/a', [8]]]));
  });

  it('tells keys apart by every byte', async () => {
    const [stream, keys] = [aStream(), ['hold/a', 'hold/A', 'hold/á', 'hold/a ', 'usage/"a",{b}', "usage/'", 'usage/NULL', 'NULL', '']];
    await memory.save(stream, snapshot(50), keys.map((key, revision) => ({ key, revision })));
    expect(await memory.find(stream, keys)).toEqual(new Map(keys.map((key, revision) => [key, [revision]])));
  });

  it('answers many who ask at the same time, each its own', async () => {
    const streams = numbered(40, () => aStream());
    await Promise.all(streams.map((stream, n) => memory.save(stream, snapshot(n), numbered(50, (id) => ({ key: `hold/${id}`, revision: n * 100 + id })))));
    const answers = await Promise.all(streams.flatMap((stream) => numbered(5, (id) => memory.find(stream, [`hold/${id}`, `hold/none-${id}`]))));
    expect(answers).toEqual(streams.flatMap((_, n) => numbered(5, (id) => new Map([[`hold/${id}`, [n * 100 + id]]]))));
  });

  it('takes thousands of ids with one snapshot', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(9_000), numbered(9_000, (n) => ({ key: `usage/gateway-7/${n}`, revision: n })));
    expect(await memory.find(stream, ['usage/gateway-7/8999'])).toEqual(new Map([['usage/gateway-7/8999', [8_999]]]));
  });

  it('shares what it knows with all who remember for the same log, and with nobody else', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(3), [{ key: 'hold/a', revision: 2 }]);
    const [same, other] = [await store.connect(logId), await store.connect(randomUUID())];
    expect(await same.load(stream)).toEqual(snapshot(3));
    expect(await other.load(stream)).toBeUndefined();
    expect(await other.find(stream, ['hold/a'])).toEqual(new Map());
  });
});
