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

  const usesOf = async (stream: string, keys: readonly string[], by = memory) => (await by.find(stream, keys)).uses;

  it('knows nothing at first', async () => {
    expect(await memory.load(aStream())).toBeUndefined();
    expect(await memory.find(aStream(), ['hold/a', 'hold/b'])).toEqual({ indexedTo: -1, uses: new Map() });
    expect(await memory.find(aStream(), [])).toEqual({ indexedTo: -1, uses: new Map() });
  });

  it('gives back a snapshot as it was saved', async () => {
    const stream = aStream();
    const saved = snapshot(41, ` {"text":"äöü 日本 \\u0000 \\"'{},"} ${'z'.repeat(200_000)}`);
    await memory.save(stream, saved, [], -1);
    expect(await memory.load(stream)).toEqual(saved);
    expect(await memory.load(aStream())).toBeUndefined();
  });

  it('replaces it by a newer one', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(10), [], -1);
    await memory.save(stream, { ...snapshot(20), version: 4 }, [], -1);
    expect(await memory.load(stream)).toEqual({ ...snapshot(20), version: 4 });
  });

  it('keeps the newer one, but adds the ids that come with an older one', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(20), [{ key: 'hold/b', revision: 15 }], -1);
    await memory.save(stream, snapshot(10), [{ key: 'hold/a', revision: 5 }], -1);
    expect(await memory.load(stream)).toEqual(snapshot(20));
    expect(await usesOf(stream, ['hold/a', 'hold/b'])).toEqual(new Map([['hold/a', [5]], ['hold/b', [15]]]));
  });

  it('takes a state of another version at the same revision', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(20), [], -1);
    await memory.save(stream, { ...snapshot(20, 'new'), version: 4 }, [], -1);
    expect(await memory.load(stream)).toEqual({ ...snapshot(20, 'new'), version: 4 });
  });

  it('finds every revision of an id, ascending, and only ids that were used', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(100), [{ key: 'hold/a', revision: 70 }, { key: 'hold/a', revision: 9 }, { key: 'hold/b', revision: 8 }], -1);
    await memory.save(stream, snapshot(200), [{ key: 'hold/a', revision: 170 }], -1);
    expect(await usesOf(stream, ['hold/a', 'hold/c', 'hold/b', 'hold/a'])).toEqual(new Map([['hold/a', [9, 70, 170]], ['hold/b', [8]]]));
    expect(await usesOf(aStream(), ['hold/a'])).toEqual(new Map());
  });

  it('changes nothing when the same is saved again', async () => {
    const stream = aStream();
    const uses = [{ key: 'hold/a', revision: 7 }, { key: 'usage/a', revision: 8 }];
    await Promise.all(numbered(5, () => memory.save(stream, snapshot(9), uses, -1)));
    expect(await memory.load(stream)).toEqual(snapshot(9));
    expect(await usesOf(stream, ['hold/a', 'usage/a'])).toEqual(new Map([['hold/a', [7]], ['usage/a', [8]]]));
  });

  it('tells keys apart by every byte', async () => {
    const [stream, keys] = [aStream(), ['hold/a', 'hold/A', 'hold/á', 'hold/a ', 'usage/"a",{b}', "usage/'", 'usage/NULL', 'NULL', '']];
    await memory.save(stream, snapshot(50), keys.map((key, revision) => ({ key, revision })), -1);
    expect(await usesOf(stream, keys)).toEqual(new Map(keys.map((key, revision) => [key, [revision]])));
  });

  it('answers many who ask at the same time, each its own', async () => {
    const streams = numbered(40, () => aStream());
    await Promise.all(streams.map((stream, n) => memory.save(stream, snapshot(n), numbered(50, (id) => ({ key: `hold/${id}`, revision: n * 100 + id })), -1)));
    const answers = await Promise.all(streams.flatMap((stream) => numbered(5, (id) => usesOf(stream, [`hold/${id}`, `hold/none-${id}`]))));
    expect(answers).toEqual(streams.flatMap((_, n) => numbered(5, (id) => new Map([[`hold/${id}`, [n * 100 + id]]]))));
  });

  it('takes thousands of ids with one snapshot', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(9_000), numbered(9_000, (n) => ({ key: `usage/gateway-7/${n}`, revision: n })), -1);
    expect(await usesOf(stream, ['usage/gateway-7/8999'])).toEqual(new Map([['usage/gateway-7/8999', [8_999]]]));
  });

  it('says with each look up to where the index reaches', async () => {
    const [stream, untouched] = [aStream(), aStream()];
    await memory.save(stream, snapshot(20), [{ key: 'hold/a', revision: 5 }], -1);
    await memory.save(stream, snapshot(10), [], -1);
    const found = await Promise.all([memory.find(untouched, ['hold/a']), memory.find(stream, ['hold/a']), memory.find(stream, ['hold/b']), memory.find(stream, [])]);
    expect(found.map(({ indexedTo }) => indexedTo)).toEqual([-1, 20, 20, 20]);
    expect(found.map(({ uses }) => uses.size)).toEqual([0, 1, 0, 0]);
  });

  it('refuses a snapshot that builds on ids it does not have, and takes nothing of it', async () => {
    const stream = aStream();
    await expect(memory.save(stream, snapshot(20), [{ key: 'hold/a', revision: 15 }], 10)).rejects.toMatchObject({ name: 'MemoryRewound', base: 10, stored: -1 });
    expect(await memory.load(stream)).toBeUndefined();
    await memory.save(stream, snapshot(9), [], -1);
    await expect(memory.save(stream, snapshot(20), [{ key: 'hold/a', revision: 15 }], 10)).rejects.toMatchObject({ name: 'MemoryRewound', base: 10, stored: 9 });
    expect(await memory.load(stream)).toEqual(snapshot(9));
    expect(await usesOf(stream, ['hold/a'])).toEqual(new Map());
    await memory.save(stream, snapshot(20), [{ key: 'hold/a', revision: 15 }], 9);
    await memory.save(stream, snapshot(30), [], 10);
    expect(await memory.find(stream, ['hold/a'])).toEqual({ indexedTo: 30, uses: new Map([['hold/a', [15]]]) });
  });

  it('has every id up to the snapshot it stores, whoever saves and whatever is refused', async () => {
    const stream = aStream();
    const useOf = (revision: number) => ({ key: `hold/${revision}`, revision });
    // Each saves 10 events more at a time, from where it last was; now and then one has to begin again from what is stored.
    await Promise.all(numbered(4, async (writer) => {
      let base = -1;
      for (let at = 10 + writer; at < 300; at += 10) {
        const from = base;
        const isSaved = await memory.save(stream, snapshot(at), numbered(at - from, (n) => useOf(from + 1 + n)), from).then(() => true, () => false);
        const seen = await memory.load(stream);
        base = isSaved ? at : seen?.revision ?? -1;
        if (writer === 3 && at % 50 === 3 && seen) await memory.discard(stream, seen);
      }
    }));
    const { indexedTo } = await memory.find(stream, []);
    const keys = numbered(indexedTo + 1, (n) => `hold/${n}`);
    expect((await usesOf(stream, keys)).size).toBe(keys.length);
  });

  it('discards the snapshot it is told of, with all ids of the stream, and no other', async () => {
    const [stream, other] = [aStream(), aStream()];
    for (const each of [stream, other]) await memory.save(each, snapshot(20), [{ key: 'hold/a', revision: 15 }], -1);
    await memory.discard(stream, { ...snapshot(20), hash: 'another' });
    await memory.discard(stream, snapshot(19));
    expect(await memory.find(stream, ['hold/a'])).toEqual({ indexedTo: 20, uses: new Map([['hold/a', [15]]]) });
    await memory.discard(stream, snapshot(20));
    expect(await memory.load(stream)).toBeUndefined();
    expect(await memory.find(stream, ['hold/a'])).toEqual({ indexedTo: -1, uses: new Map() });
    expect(await memory.find(other, ['hold/a'])).toEqual({ indexedTo: 20, uses: new Map([['hold/a', [15]]]) });
    await memory.save(stream, snapshot(5), [{ key: 'hold/b', revision: 4 }], -1);
    expect(await memory.find(stream, ['hold/a', 'hold/b'])).toEqual({ indexedTo: 5, uses: new Map([['hold/b', [4]]]) });
  });

  it('shares what it knows with all who remember for the same log, and with nobody else', async () => {
    const stream = aStream();
    await memory.save(stream, snapshot(3), [{ key: 'hold/a', revision: 2 }], -1);
    const [same, other] = [await store.connect(logId), await store.connect(randomUUID())];
    expect(await same.load(stream)).toEqual(snapshot(3));
    expect(await other.load(stream)).toBeUndefined();
    expect(await usesOf(stream, ['hold/a'], other)).toEqual(new Map());
  });
});
