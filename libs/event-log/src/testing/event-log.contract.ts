import { setTimeout as delay } from 'node:timers/promises';
import { RevisionConflict, StaleGuard, type EventLog, type RecordedEvent } from '../event-log.js';
import { aStream, anEvent, collect, events, numbered, take } from './events.js';

/** One empty store for the suite. Each connection is a log of its own on it, as another process would have. */
export interface EventLogStore {
  connect(): Promise<EventLog>;
  remove(): Promise<void>;
}

/** What every adapter of the port has to do. `open` makes an empty store. */
export const eventLogContract = (name: string, open: () => Promise<EventLogStore>): void => describe(name, () => {
  let store: EventLogStore;
  let log: EventLog;
  let other: EventLog;

  beforeAll(async () => {
    store = await open();
    [log, other] = [await store.connect(), await store.connect()];
  });

  afterAll(async () => {
    await Promise.all([log.close(), other.close()]);
    await store.remove();
  });

  it('is empty at first', async () => {
    expect(await log.end()).toBeUndefined();
    expect(await log.head(aStream())).toBe(-1);
    expect(await collect(log.read(aStream()))).toEqual([]);
    expect(await collect(log.readAll())).toEqual([]);
  });

  it('is one log with one id for all who are connected to it', () => {
    expect(log.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(other.id).toBe(log.id);
  });

  describe('append', () => {
    it('stores events as they are, in order, readable by everyone once it has answered', async () => {
      const stream = aStream();
      const [first, second, third] = [anEvent('{"a":1}'), anEvent('{ "b" : [2 ] }'), anEvent('')];
      const one = await log.append(stream, [first, second], -1);
      const two = await log.append(stream, [third], 1);
      const stored = await collect(other.read(stream));
      expect(stored).toEqual([first, second, third].map((event, revision) => ({ ...event, stream, revision, position: expect.any(String) as string })));
      expect(one).toEqual({ revision: 1, position: stored[1]?.position });
      expect(two).toEqual({ revision: 2, position: stored[2]?.position });
      expect(await other.head(stream)).toBe(2);
      expect(await other.end()).toBe(two.position);
    });

    it.each([[-1], [0], [2], [7]])('refuses a stream at revision 1 where %d was expected, and says where it is', async (expected) => {
      const stream = aStream();
      await log.append(stream, events(2), -1);
      await expect(log.append(stream, events(2), expected)).rejects.toEqual(new RevisionConflict(stream, expected, 1));
      expect(await log.head(stream)).toBe(1);
    });

    it('refuses a revision of a stream that does not exist', async () => {
      const stream = aStream();
      await expect(log.append(stream, events(1), 0)).rejects.toEqual(new RevisionConflict(stream, 0, -1));
      expect(await log.head(stream)).toBe(-1);
    });

    it('lets exactly one of 50 appends at one revision win, and tells each loser where the stream is', async () => {
      const stream = aStream();
      const race = await Promise.allSettled(numbered(50, (n) => (n % 2 ? log : other).append(stream, events(3), -1)));
      expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of race) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(new RevisionConflict(stream, -1, 2));
      expect(await log.head(stream)).toBe(2);
    });

    it('gives each of many streams its own outcome: one that lost fails no other', async () => {
      const [taken, free] = [numbered(20, () => aStream()), numbered(20, () => aStream())];
      await Promise.all(taken.map((stream) => log.append(stream, events(1), -1)));
      const outcomes = await Promise.allSettled([...taken, ...free].map((stream, n) => log.append(stream, events(1 + (n % 3)), -1)));
      expect(outcomes.map(({ status }) => status)).toEqual([...taken.map(() => 'rejected'), ...free.map(() => 'fulfilled')]);
      expect(await Promise.all(taken.map((stream) => log.head(stream)))).toEqual(taken.map(() => 0));
      for (const [n, stream] of free.entries()) {
        const stored = await collect(log.read(stream));
        expect(stored.map(({ revision }) => revision)).toEqual(numbered(1 + ((20 + n) % 3), (revision) => revision));
        expect(outcomes[20 + n]).toMatchObject({ value: { revision: stored.length - 1, position: stored.at(-1)?.position } });
      }
    });

    it('appends all events or none', async () => {
      const stream = aStream();
      await Promise.allSettled(numbered(10, () => log.append(stream, events(7), -1)));
      expect(await log.head(stream)).toBe(6);
    });

    it('keeps revisions without holes when two processes take turns on one stream', async () => {
      const stream = aStream();
      const appendOnce = async (from: EventLog): Promise<void> => {
        try {
          await from.append(stream, events(2), await from.head(stream));
        } catch (error) {
          expect(error).toBeInstanceOf(RevisionConflict);
          await appendOnce(from);
        }
      };
      const write = async (from: EventLog): Promise<void> => {
        for (let n = 0; n < 20; n += 1) await appendOnce(from);
      };
      await Promise.all([write(log), write(other), write(log)]);
      const stored = await collect(log.read(stream));
      expect(stored.map(({ revision }) => revision)).toEqual(numbered(120, (n) => n));
    });

    it('takes as much at once as it says, and refuses more, of which nothing is there', async () => {
      const stream = aStream();
      const [most, type] = [log.maxAppendBytes, 'Tested'.length * 2];
      expect(most).toBeGreaterThanOrEqual(1_000_000);
      const half = Math.floor(most / 2) - type;
      await expect(log.append(stream, [anEvent('x'.repeat(half)), anEvent('x'.repeat(most - half - 2 * type + 1))], -1)).rejects.toMatchObject({ kind: 'too_large', code: 'append_too_large' });
      await expect(log.append(stream, [anEvent('€'.repeat(Math.floor(most / 3)))], -1)).rejects.toMatchObject({ code: 'append_too_large' });
      expect(await log.head(stream)).toBe(-1);
      await log.append(stream, [anEvent('x'.repeat(half)), anEvent('x'.repeat(most - half - 2 * type))], -1);
      expect(await other.head(stream)).toBe(1);
    });

    it('takes appends to one stream that were called at the same time in their order', async () => {
      const stream = aStream();
      const answers = await Promise.all(numbered(10, (n) => log.append(stream, events(1), n - 1)));
      expect(answers.map(({ revision }) => revision)).toEqual(numbered(10, (n) => n));
    });
  });

  describe('append of the same events again', () => {
    it('gives the first answer, also when the stream has moved on', async () => {
      const stream = aStream();
      await log.append(stream, events(2), -1);
      const mine = events(3);
      const first = await log.append(stream, mine, 1);
      expect(await log.append(stream, mine, 1)).toEqual(first);
      await log.append(stream, events(1), 4);
      expect(await other.append(stream, mine, 1)).toEqual(first);
      expect(await log.head(stream)).toBe(5);
    });

    it('has one effect, however many do it at once', async () => {
      const [stream, mine] = [aStream(), events(2)];
      const answers = await Promise.all(numbered(30, (n) => (n % 2 ? log : other).append(stream, mine, -1)));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(await log.head(stream)).toBe(1);
    });

    it('is a conflict when any of them differs, or more follow than were stored', async () => {
      const [stream, mine] = [aStream(), events(3)];
      await log.append(stream, mine, -1);
      const conflict = new RevisionConflict(stream, -1, 2);
      await expect(log.append(stream, [anEvent(), ...mine.slice(1)], -1)).rejects.toEqual(conflict);
      await expect(log.append(stream, [...mine.slice(0, 2), anEvent()], -1)).rejects.toEqual(conflict);
      await expect(log.append(stream, [...mine, anEvent()], -1)).rejects.toEqual(conflict);
    });

    it('is a conflict at another revision', async () => {
      const [stream, mine] = [aStream(), events(1)];
      await log.append(stream, [anEvent(), ...mine], -1);
      await expect(log.append(stream, mine, -1)).rejects.toEqual(new RevisionConflict(stream, -1, 1));
    });

    it('is answered before its guards are looked at', async () => {
      const [stream, guard, mine] = [aStream(), aStream('catalog'), events(1)];
      const first = await log.append(stream, mine, -1, { guards: [{ stream: guard, revision: -1 }] });
      await log.append(guard, events(1), -1);
      expect(await log.append(stream, mine, -1, { guards: [{ stream: guard, revision: -1 }] })).toEqual(first);
    });
  });

  describe('append of nothing', () => {
    it('confirms where a stream is', async () => {
      const [stream, none] = [aStream(), aStream()];
      await other.append(stream, events(3), -1);
      expect(await log.append(stream, [], 2)).toEqual({ revision: 2, position: undefined });
      expect(await log.append(none, [], -1)).toEqual({ revision: -1, position: undefined });
      expect(await log.head(none)).toBe(-1);
    });

    it('says where it is instead, among confirmations that hold', async () => {
      const [moved, still] = [aStream(), aStream()];
      await Promise.all([moved, still].map((stream) => other.append(stream, events(2), -1)));
      const outcomes = await Promise.allSettled([log.append(still, [], 1), log.append(moved, [], 0), log.append(moved, [], -1), log.append(still, [], 1)]);
      expect(outcomes).toMatchObject([
        { value: { revision: 1 } }, { reason: new RevisionConflict(moved, 0, 1) }, { reason: new RevisionConflict(moved, -1, 1) }, { value: { revision: 1 } },
      ]);
    });

    it('confirms together with appends of others', async () => {
      const streams = numbered(30, () => aStream());
      const still = aStream();
      await log.append(still, events(1), -1);
      const outcomes = await Promise.allSettled(streams.flatMap((stream) => [log.append(stream, events(1), -1), log.append(still, [], 0), log.append(still, [], 5)]));
      expect(outcomes.map(({ status }) => status)).toEqual(streams.flatMap(() => ['fulfilled', 'fulfilled', 'rejected']));
    });

    it('sees what another process appended before the call', async () => {
      const stream = aStream();
      for (let revision = 0; revision < 20; revision += 1) {
        await other.append(stream, events(1), revision - 1);
        await expect(log.append(stream, [], revision - 1)).rejects.toBeInstanceOf(RevisionConflict);
        await log.append(stream, [], revision);
      }
    });
  });

  describe('guards', () => {
    it('let an append through while they are where the decision was read from', async () => {
      const [guard, none, streams] = [aStream('catalog'), aStream('catalog'), numbered(10, () => aStream())];
      await log.append(guard, events(4), -1);
      const guards = [{ stream: guard, revision: 3 }, { stream: none, revision: -1 }];
      await Promise.all(streams.map((stream) => log.append(stream, events(1), -1, { guards })));
      await expect(log.append(streams[0] as string, [], 0, { guards })).resolves.toEqual({ revision: 0, position: undefined });
    });

    it('refuse it when they have moved, and say where they are; others are not held up', async () => {
      const [guard, stale, fresh, plain] = [aStream('catalog'), aStream(), aStream(), aStream()];
      await other.append(guard, events(2), -1);
      const outcomes = await Promise.allSettled([
        log.append(stale, events(2), -1, { guards: [{ stream: guard, revision: 0 }] }),
        log.append(fresh, events(2), -1, { guards: [{ stream: guard, revision: 1 }] }),
        log.append(plain, events(2), -1),
        log.append(plain, [], -1, { guards: [{ stream: guard, revision: 0 }] }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'rejected']);
      expect(outcomes[0]).toMatchObject({ reason: new StaleGuard(guard, 0, 1) });
      expect(await Promise.all([stale, fresh, plain].map((stream) => log.head(stream)))).toEqual([-1, 1, 1]);
    });

    it('are not looked at when the stream itself has moved', async () => {
      const [guard, stream] = [aStream('catalog'), aStream()];
      await log.append(stream, events(1), -1);
      await expect(log.append(stream, events(1), -1, { guards: [{ stream: guard, revision: 9 }] })).rejects.toEqual(new RevisionConflict(stream, -1, 0));
    });
  });

  describe('read', () => {
    it('starts at a revision and ends at a limit', async () => {
      const stream = aStream();
      await log.append(stream, events(10), -1);
      const revisions = async (options: { from?: number; limit?: number }): Promise<number[]> =>
        (await collect(log.read(stream, options))).map(({ revision }) => revision);
      expect(await revisions({ from: 7 })).toEqual([7, 8, 9]);
      expect(await revisions({ limit: 2 })).toEqual([0, 1]);
      expect(await revisions({ from: 4, limit: 3 })).toEqual([4, 5, 6]);
      expect(await revisions({ from: 10 })).toEqual([]);
      expect(await revisions({ limit: 0 })).toEqual([]);
    });

    it('reads long streams whole, in one append or many', async () => {
      const [long, grown] = [aStream(), aStream()];
      const written = events(2_500);
      await log.append(long, written, -1);
      await Promise.all(numbered(400, (n) => log.append(grown, events(3), n * 3 - 1)));
      expect((await collect(log.read(long))).map(({ id }) => id)).toEqual(written.map(({ id }) => id));
      expect((await collect(log.read(long, { from: 1, limit: 2_400 }))).map(({ id }) => id)).toEqual(written.slice(1, 2_401).map(({ id }) => id));
      expect((await collect(log.read(grown))).map(({ revision }) => revision)).toEqual(numbered(1_200, (n) => n));
    });

    it('gives bytes back as they were written', async () => {
      const bodies = [
        ' {"b":1,"a":2,"a":3} ', '{"text":"äöü € 日本語 𝄞 👩‍👩‍👧 \\u0000 \\ud800"}', '{"nul":"\\\\","quote":"\'\\"{},NULL"}', '\u0001\t\r\n\u007f\ufeff\uffff', '{}', 'NULL', 'x'.repeat(900_000),
      ];
      for (const stream of [aStream(), 'account-ÄÖ 日本 👍', 'a"b\'c\\d{e},f', ' ', 'account-', 'NULL', 'x'.repeat(1_000)]) {
        await log.append(stream, bodies.map((body) => ({ ...anEvent(body), type: `Typed ${stream.slice(0, 20)}` })), -1);
        const stored = await collect(other.read(stream));
        expect(stored.map(({ body }) => Buffer.from(body).equals(Buffer.from(bodies.shift() as string)) && bodies.push(body))).not.toContain(false);
        expect(stored[0]).toMatchObject({ stream, type: `Typed ${stream.slice(0, 20)}` });
      }
    });

    it('takes large events called at the same time', async () => {
      const streams = numbered(12, () => aStream());
      await Promise.all(streams.map((stream) => log.append(stream, [anEvent('y'.repeat(900_000))], -1)));
      for (const stream of streams) expect((await collect(log.read(stream)))[0]?.body).toHaveLength(900_000);
    });
  });

  describe('readAll', () => {
    it('gives every event once, in one order, streams in the order of their revisions', async () => {
      const after = await log.end();
      const streams = numbered(8, () => aStream());
      await Promise.all(streams.map(async (stream, n) => {
        for (let at = -1; at < 39; at += 4) await (n % 2 ? log : other).append(stream, events(4), at);
      }));
      const all = await collect(log.readAll({ after }));
      expect(all).toHaveLength(320);
      expect(all.map(({ position }) => position)).toEqual([...new Set(all.map(({ position }) => position))].sort());
      for (const stream of streams) {
        expect(all.filter((event) => event.stream === stream).map(({ revision }) => revision)).toEqual(numbered(40, (n) => n));
      }
      expect(await collect(other.readAll({ after }))).toEqual(all);
    });

    it('goes on after any position, in batches of any size', async () => {
      const after = await log.end();
      await Promise.all(numbered(10, () => log.append(aStream(), events(3), -1)));
      const all = await collect(log.readAll({ after }));
      for (const [n, { position }] of all.entries()) {
        for (const batchSize of [1, 7, 30]) {
          const batches: (readonly RecordedEvent[])[] = [];
          for await (const batch of log.readAll({ after: position, batchSize })) batches.push(batch);
          expect(batches.flat()).toEqual(all.slice(n + 1));
          expect(batches.every(({ length }) => length > 0 && length <= batchSize)).toBe(true);
        }
      }
    });

    it('may be left early', async () => {
      for await (const batch of log.readAll({ batchSize: 2 })) {
        expect(batch).toHaveLength(2);
        break;
      }
    });
  });

  describe('subscribe', () => {
    it('gives history, then what follows, from this process and from another', async () => {
      const after = await log.end();
      const streams = numbered(6, () => aStream());
      const write = async (from: EventLog, some: readonly string[]): Promise<void> => {
        for (const stream of some) await from.append(stream, events(2), -1);
      };
      await write(log, streams.slice(0, 2));
      const taking = take(log, 12, { after });
      await delay(50);
      await write(log, streams.slice(2, 4));
      await write(other, streams.slice(4));
      expect((await taking).map(({ stream, revision }) => [stream, revision])).toEqual(streams.flatMap((stream) => [[stream, 0], [stream, 1]]));
    });

    it('starts at the very first event', async () => {
      const taken = await take(log, 1, { batchSize: 1 });
      for await (const first of log.readAll({ batchSize: 1 })) {
        expect(taken).toEqual(first);
        break;
      }
    });

    it('wakes at once', async () => {
      const [after, latencies, stop] = [await log.end(), [] as number[], new AbortController()];
      const sent: number[] = [];
      const received = (async () => {
        for await (const batch of log.subscribe({ after, signal: stop.signal })) {
          for (const _ of batch) latencies.push(performance.now() - (sent[latencies.length] as number));
          if (latencies.length >= 20) stop.abort();
        }
      })();
      await delay(50);
      for (let n = 0; n < 20; n += 1) {
        sent.push(performance.now());
        await (n % 2 ? log : other).append(aStream(), events(1), -1);
        await delay(5);
      }
      await received;
      expect(latencies.sort((a, b) => a - b)[10]).toBeLessThan(100);
    });

    it('keeps batches to their size', async () => {
      const after = await log.end();
      const sizes: number[] = [];
      const stop = new AbortController();
      const received = (async () => {
        for await (const batch of log.subscribe({ after, batchSize: 10, signal: stop.signal })) {
          sizes.push(batch.length);
          if (sizes.reduce((sum, size) => sum + size, 0) === 200) stop.abort();
        }
      })();
      await Promise.all(numbered(4, () => log.append(aStream(), events(25), -1)));
      await delay(30);
      await Promise.all(numbered(4, () => log.append(aStream(), events(25), -1)));
      await received;
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
    });

    it('ends at the abort: before it began, while it waits, and between batches', async () => {
      const after = await log.end();
      expect(await collect(log.subscribe({ signal: AbortSignal.abort() }))).toEqual([]);
      expect(await collect(log.subscribe({ after, signal: AbortSignal.timeout(30) }))).toEqual([]);
      await log.append(aStream(), events(5), -1);
      const stop = new AbortController();
      let batches = 0;
      for await (const _ of log.subscribe({ after, batchSize: 1, signal: stop.signal })) {
        batches += 1;
        stop.abort();
      }
      expect(batches).toBe(1);
    });

    it('shows every event once, in order, and only what is committed, while several processes write', async () => {
      const writers = [log, other, await store.connect(), await store.connect()];
      const [after, streams] = [await log.end(), numbered(40, () => aStream())];
      const readers = [log, other, log].map((reader, n) => take(reader, 40 * 30, { after, batchSize: [1_000, 7, 64][n] as number }));
      const seenToo = (async () => {
        let seen = 0;
        const stop = new AbortController();
        for await (const batch of writers[2]?.subscribe({ after, signal: stop.signal }) ?? []) {
          const last = batch.at(-1) as RecordedEvent;
          expect(await other.head(last.stream)).toBeGreaterThanOrEqual(last.revision);
          seen += batch.length;
          if (seen >= 40 * 30) stop.abort();
        }
        return seen;
      })();
      await Promise.all(streams.map(async (stream, n) => {
        for (let at = -1; at < 29; at += 3) await (writers[(n + at) % 4] ?? log).append(stream, events(3), at);
      }));
      const all = await collect(log.readAll({ after }));
      for (const seen of await Promise.all(readers)) expect(seen).toEqual(all);
      expect(await seenToo).toBe(40 * 30);
      await Promise.all(writers.slice(2).map((writer) => writer.close()));
    });

    it('gives a slow reader everything', async () => {
      const after = await log.end();
      const taking = (async () => {
        const taken: RecordedEvent[] = [];
        const stop = new AbortController();
        for await (const batch of log.subscribe({ after, batchSize: 500, signal: stop.signal })) {
          taken.push(...batch);
          await delay(10);
          if (taken.length >= 12_000) stop.abort();
        }
        return taken;
      })();
      await Promise.all(numbered(300, () => log.append(aStream(), events(40), -1)));
      expect(await taking).toEqual(await collect(log.readAll({ after })));
    });
  });

  it('takes thousands of appends at once', async () => {
    const streams = numbered(3_000, () => aStream());
    const answers = await Promise.all(streams.map((stream) => log.append(stream, events(1), -1)));
    expect(new Set(answers.map(({ position }) => position)).size).toBe(3_000);
  });

  it('finishes what is under way when it is closed, ends subscriptions, and then refuses', async () => {
    const leaving = await store.connect();
    const streams = numbered(50, () => aStream());
    const subscription = collect(leaving.subscribe({ after: await log.end(), signal: new AbortController().signal }));
    const appends = streams.map((stream) => leaving.append(stream, events(1), -1));
    await leaving.close();
    for (const late of [leaving.append(aStream(), events(1), -1), leaving.head(aStream()), collect(leaving.subscribe({ signal: AbortSignal.timeout(1_000) }))]) {
      await expect(late).rejects.toMatchObject({ kind: 'unavailable', code: 'log_unavailable' });
    }
    await Promise.all(appends);
    await subscription;
    expect(await Promise.all(streams.map((stream) => log.head(stream)))).toEqual(streams.map(() => 0));
  });
});
