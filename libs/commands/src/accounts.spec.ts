import { jest } from '@jest/globals';
import type { BillingError } from '#libs/kernel';
import { accountStream, balanceOf, chargeKey, imbalanceOf, type Answer } from '#libs/domain';
import type { Snapshot } from '#libs/event-log';
import { formatAmount } from '#libs/money';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../event-log/src/testing/in-memory.js';
import { buy, engineOn, handClock, hold, origin, settle, withCredit, type Engine } from './testing/engine.js';
import { FlakyLog } from './testing/flaky-log.js';

const ACME = 'acme';

const setUp = (engines = 1) => {
  const store = new InMemoryStore();
  const memory = new InMemoryStreamMemory();
  const clock = handClock();
  const logs = Array.from({ length: engines }, () => new FlakyLog(new InMemoryEventLog(store)));
  const all = logs.map((log) => engineOn(log, memory, clock));
  const restart = (): Engine => engineOn(new InMemoryEventLog(store), memory, clock);
  return { store, memory, clock, logs, log: logs[0] as FlakyLog, a: all[0] as Engine, b: all[1] as Engine, restart };
};

const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'accepted', (error: BillingError) => error.code);
const eventsOf = (store: InMemoryStore): string[] => (store.streams.get(accountStream(ACME)) ?? []).map(({ type }) => type);
const available = async (engine: Engine): Promise<string> => formatAmount(balanceOf(await engine.accounts.current(ACME)).available);
const counts = (codes: readonly string[]): Record<string, number> => {
  const counted: Record<string, number> = {};
  for (const one of codes) counted[one] = (counted[one] ?? 0) + 1;
  return counted;
};

const numbers = (from: number, to: number, step = 1): number[] => Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => from + n * step);

/** Enough events for several snapshots. */
const busy = async (engine: Engine, from = 0, to = 1_500): Promise<void> => {
  for (let n = from; n < to; n += 50) {
    await Promise.all(numbers(n, Math.min(n + 50, to)).map(async (m) => {
      await engine.run(ACME, hold(`busy-${m}`, '0.01')).catch(ifClosed);
      await engine.run(ACME, settle(`busy-${m}`, '0.01'));
    }));
  }
};
/** Of a hold that was settled before. */
const ifClosed = (error: BillingError): void => {
  if (error.code !== 'hold_closed') throw error;
};
const indexedTo = async (memory: InMemoryStreamMemory): Promise<number> => (await memory.find(accountStream(ACME), [])).indexedTo;

/** An answer but for whether it is the first; a stored event says all of what a decided one does. */
const contentOf = (answer: Answer): unknown => JSON.parse(JSON.stringify({ ...answer, repeated: undefined, fact: answer.fact?.data }));

describe('one engine', () => {
  it('admits exactly the holds there is money for, however many come at once', async () => {
    const { a } = setUp();
    await withCredit(a, ACME, '20');
    const codes = await Promise.all(Array.from({ length: 200 }, (_, n) => code(a.run(ACME, hold(`h-${n}`, '1')))));
    expect(counts(codes)).toEqual({ accepted: 20, insufficient_credits: 180 });
    expect(await available(a)).toBe('0');
  });

  it('gives the same command, sent 50 times at once, one effect and one answer', async () => {
    const { a, store } = setUp();
    await withCredit(a, ACME, '20');
    await a.run(ACME, hold('h', '5'));
    const answers = await Promise.all(Array.from({ length: 50 }, () => a.run(ACME, settle('h', '3'))));
    expect(eventsOf(store).filter((type) => type === 'UsageSettled')).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(contentOf(answer)))).size).toBe(1);
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
  });

  it('decides a settle behind its own hold in one append', async () => {
    const { a, log } = setUp();
    await withCredit(a, ACME, '20');
    const before = log.appends;
    await Promise.all([a.run(ACME, hold('h', '5')), a.run(ACME, settle('h', '3')), a.run(ACME, settle('h', '3'))]);
    expect(log.appends - before).toBe(1);
    expect(await available(a)).toBe('17');
  });

  it('lets everything else go on while a batch takes long to decide', async () => {
    const { a, clock, store, memory } = setUp();
    await withCredit(a, ACME, '20');
    let turns = 0;
    const seen: number[] = [];
    const slow = engineOn(new InMemoryEventLog(store), memory, () => {
      seen.push(turns);
      for (const end = performance.now() + 4; performance.now() < end;);
      return clock();
    });
    const turn = (): void => { turns += 1; next = setImmediate(turn); };
    let next = setImmediate(turn);
    await slow.accounts.current(ACME);
    await Promise.all(Array.from({ length: 100 }, (_, n) => slow.run(ACME, hold(`h-${n}`, '0.1'))));
    clearImmediate(next);
    expect((seen.at(-1) ?? 0) - (seen[1] ?? 0)).toBeGreaterThan(10);
  });

  it('answers nothing before the log has it', async () => {
    const { a, log } = setUp();
    await withCredit(a, ACME, '20');
    let let_ = (): void => undefined;
    log.before = () => new Promise((resolve) => { let_ = resolve; });
    let answered = 0;
    const commands = [hold('h', '5'), hold('too-much', '100')].map((command) => a.run(ACME, command).finally(() => { answered += 1; }));
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(answered).toBe(0);
    let_();
    await Promise.allSettled(commands);
    expect(answered).toBe(2);
  });

  it('carries nothing out when the log does not take it, and all of it on the retry', async () => {
    const { a, log, store } = setUp();
    await withCredit(a, ACME, '20');
    log.faults.push('lost');
    expect(await code(a.run(ACME, hold('h', '5')))).toBe('log_unavailable');
    expect(eventsOf(store)).not.toContain('HoldPlaced');
    expect(await code(a.run(ACME, hold('h', '5')))).toBe('accepted');
    expect(await available(a)).toBe('15');
  });

  it('finds out on the retry what became of a command whose answer was lost', async () => {
    const { a, log, store } = setUp();
    await withCredit(a, ACME, '20');
    log.faults.push('unanswered');
    expect(await code(a.run(ACME, buy('b', '7')))).toBe('log_unavailable');
    expect((await a.run(ACME, buy('b', '7'))).repeated).toBe(true);
    expect(eventsOf(store).filter((type) => type === 'CreditsPurchased')).toHaveLength(2);
    expect(await available(a)).toBe('27');
  });

  it('refuses what nothing has opened, and remembers nothing of it', async () => {
    const { a } = setUp();
    await withCredit(a, ACME, '0');
    expect(await code(a.run('nobody', hold('h', '1')))).toBe('not_found');
    expect(await code(a.accounts.execute('new', { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' }, origin, 'no-such-catalog'))).toBe('not_found');
    expect(await code(a.accounts.execute(ACME, { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' }, origin, 'ninjachat'))).toBe('idempotency_conflict');
  });

  it('writes what is due before anything else, dated with its end', async () => {
    const { a, clock, store } = setUp();
    await withCredit(a, ACME, '20');
    await a.run(ACME, { type: 'PlaceHold', holdId: 'h', amount: '15', ttlSeconds: 60 });
    clock.at = '2026-12-24T00:00:00.000Z';
    expect(await code(a.run(ACME, hold('h2', '20')))).toBe('accepted');
    const expired = store.streams.get(accountStream(ACME))?.find(({ type }) => type === 'HoldExpired');
    expect(JSON.parse(expired?.body ?? '{}')).toMatchObject({ recordedAt: '2026-11-21T10:01:00.000Z', occurredAt: '2026-11-21T10:01:00.000Z' });
  });

  it('shows an account as it stood at any instant, what was due by then applied', async () => {
    const { a, clock } = setUp();
    await withCredit(a, ACME, '20');
    await a.run(ACME, { type: 'PlaceHold', holdId: 'h', amount: '15', ttlSeconds: 60 });
    clock.at = '2026-11-21T10:00:30.000Z';
    await a.run(ACME, buy('b', '1'));
    const at = async (instant: string): Promise<string> => formatAmount(balanceOf(await a.accounts.asOf(ACME, instant)).available);
    expect(await at('2026-11-21T10:00:29.999Z')).toBe('5');
    expect(await at('2026-11-21T10:00:30.000Z')).toBe('6');
    expect(await at('2026-11-21T10:00:59.999Z')).toBe('6');
    expect(await at('2026-11-21T10:01:00.000Z')).toBe('21');
    await expect(a.accounts.asOf(ACME, '2026-11-21T09:59:59.999Z')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('two engines on one log', () => {
  it('never refuses from old memory: credit bought through one is there for the other', async () => {
    const { a, b } = setUp(2);
    await withCredit(a, ACME, '1');
    expect(await code(a.run(ACME, hold('h1', '5')))).toBe('insufficient_credits');
    await b.run(ACME, buy('b', '10'));
    expect(await code(a.run(ACME, hold('h1', '5')))).toBe('accepted');
  });

  it('never admits from old memory: what one has spent is gone for the other', async () => {
    const { a, b } = setUp(2);
    await withCredit(a, ACME, '10');
    expect(await code(a.run(ACME, hold('h1', '1')))).toBe('accepted');
    expect(await code(b.run(ACME, hold('h2', '9')))).toBe('accepted');
    expect(await code(a.run(ACME, hold('h3', '1')))).toBe('insufficient_credits');
  });

  it('settles and shows through one at once what was held through the other', async () => {
    const { a, b } = setUp(2);
    await withCredit(a, ACME, '10');
    await b.run(ACME, { type: 'ShowHold', holdId: 'h' }).catch(() => undefined);
    await a.run(ACME, hold('h', '4'));
    expect((await b.run(ACME, { type: 'ShowHold', holdId: 'h' })).hold?.status).toBe('open');
    await b.run(ACME, settle('h', '4'));
    expect((await a.run(ACME, { type: 'ShowHold', holdId: 'h' })).hold?.status).toBe('settled');
  });

  it('gives the first answer again, whichever engine is asked', async () => {
    const { a, b, restart } = setUp(2);
    await withCredit(a, ACME, '10');
    await a.run(ACME, hold('h', '4'));
    const first = await a.run(ACME, settle('h', '3'));
    await a.run(ACME, buy('later', '100'));
    expect(contentOf(await b.run(ACME, settle('h', '3')))).toEqual(contentOf(first));
    expect(contentOf(await restart().run(ACME, settle('h', '3')))).toEqual(contentOf(first));
  });

  it('prices by the rate card in force, though another engine has just published it', async () => {
    const { a, b } = setUp(2);
    await withCredit(a, ACME, '10');
    const request = { model: 'qwen-3-32b', usage: { input_tokens: '1000000' } };
    expect((await a.run(ACME, { type: 'PlaceHold', holdId: 'h1', request })).hold?.held).toBe('0.39');
    const { versions } = await b.catalogs.get('kyma');
    const models = (versions[0]?.models ?? []).map((model) => (model.model !== 'qwen-3-32b' ? model
      : { ...model, components: model.components.map((component) => ({ ...component, price: '1' }) as typeof component) }));
    await b.catalogs.execute('kyma', { type: 'PublishRateCard', id: 'v2', effectiveFrom: '2026-11-21T00:00:00.000Z', models }, origin);
    expect((await a.run(ACME, { type: 'PlaceHold', holdId: 'h2', request })).hold?.held).toBe('1');
  });

  it('fights over one account without losing or doubling anything', async () => {
    const { a, b, store } = setUp(2);
    await withCredit(a, ACME, '1000');
    const work = Array.from({ length: 200 }, async (_, n) => {
      const [first, second] = n % 2 === 0 ? [a, b] : [b, a];
      await first.run(ACME, hold(`h-${n}`, '2'));
      await Promise.all([second.run(ACME, settle(`h-${n}`, '1')), first.run(ACME, settle(`h-${n}`, '1'))]);
    });
    await Promise.all(work);
    const account = await a.accounts.current(ACME);
    expect(imbalanceOf(account)).toBeUndefined();
    expect(formatAmount(account.totals.spent)).toBe('200');
    expect(eventsOf(store).filter((type) => type === 'UsageSettled')).toHaveLength(200);
  });
});

describe('ids and snapshots', () => {
  it('knows every id for ever, through snapshots and restarts', async () => {
    const { a, memory, restart } = setUp();
    await withCredit(a, ACME, '100');
    await a.run(ACME, hold('old', '4'));
    const first = await a.run(ACME, settle('old', '3'));
    await busy(a);
    expect((await memory.load(accountStream(ACME)))?.revision).toBeGreaterThan(2_000);
    for (const engine of [a, restart()]) {
      expect(await code(engine.run(ACME, hold('old', '4')))).toBe('hold_closed');
      expect(await code(engine.run(ACME, hold('old', '5')))).toBe('idempotency_conflict');
      expect((await engine.run(ACME, settle('old', '3'))).revision).toBe(first.revision);
      expect((await engine.run(ACME, buy('buy-0', '100'))).repeated).toBe(true);
    }
    await restart().run(ACME, { type: 'Refund', id: 'r', idempotencyKey: 'r', of: { charge: 'old' } });
    expect(await code(a.run(ACME, { type: 'Refund', id: 'r2', idempotencyKey: 'r2', of: { charge: 'old' } }))).toBe('state_conflict');
  });

  it('forgets no id while the index cannot take it', async () => {
    const { a, memory, restart } = setUp();
    await withCredit(a, ACME, '100');
    await a.run(ACME, hold('old', '4'));
    await a.run(ACME, settle('old', '3'));
    const save = jest.spyOn(memory, 'save').mockRejectedValue(new Error('index is down'));
    await busy(a);
    expect(a.snapshotFailures.length).toBeGreaterThan(0);
    expect(await code(a.run(ACME, hold('old', '4')))).toBe('hold_closed');
    save.mockRestore();
    expect(await code(restart().run(ACME, hold('old', '4')))).toBe('hold_closed');
  });

  it('finds an id that moves to the index while it is looked for', async () => {
    const { a, memory } = setUp();
    await withCredit(a, ACME, '100');
    await busy(a);
    const find = memory.find.bind(memory);
    const save = memory.save.bind(memory);
    let looked = (): void => undefined;
    let saved = (): void => undefined;
    const whenLooked = new Promise<void>((resolve) => { looked = resolve; });
    const whenSaved = new Promise<void>((resolve) => { saved = resolve; });
    const saves = jest.spyOn(memory, 'save').mockImplementation(async (...args) => {
      await whenLooked;
      await save(...args);
      setImmediate(saved);
    });
    const used: string[] = [];
    while (saves.mock.calls.length === 0) {
      used.push(`moving-${used.length}`);
      await a.run(ACME, hold(used.at(-1) as string, '0.01'));
    }
    // The index is asked before it has the id, and answers after it has got it.
    jest.spyOn(memory, 'find').mockImplementation(async (...args) => {
      const answer = await find(...args);
      looked();
      await whenSaved;
      return answer;
    });
    await a.run(ACME, { type: 'ReleaseHold', holdId: used[0] as string });
    expect(await code(a.run(ACME, hold(used[0] as string, '0.01')))).toBe('hold_closed');
  });
});

describe('a database of snapshots and ids that is set back to an earlier time', () => {
  it('has no command of the lost time carried out twice', async () => {
    const { a, b, memory, store } = setUp(2);
    await withCredit(a, ACME, '100');
    await busy(a, 0, 600);
    const restore = memory.backUp();
    await busy(a, 600, 1_200);
    await b.run(ACME, hold('through-b', '0.01')); // has loaded what is lost now
    expect(await indexedTo(memory)).toBeGreaterThan(2_000);
    restore();
    expect(await indexedTo(memory)).toBeLessThan(1_300);
    const before = eventsOf(store).length;
    for (const engine of [a, b]) {
      for (const n of [0, 599, 700, 900, 1_100, 1_199]) {
        expect(await code(engine.run(ACME, hold(`busy-${n}`, '0.01')))).toBe('hold_closed');
        expect((await engine.run(ACME, settle(`busy-${n}`, '0.01'))).repeated).toBe(true);
      }
    }
    expect(eventsOf(store)).toHaveLength(before);
  });

  it('builds nothing on what is gone, and has all of it again with the next snapshot', async () => {
    const { a, memory, restart } = setUp();
    await withCredit(a, ACME, '100');
    await busy(a, 0, 300);
    const restore = memory.backUp();
    await busy(a, 300, 900);
    const save = memory.save.bind(memory);
    jest.spyOn(memory, 'save').mockImplementationOnce(async (...args) => { // on its way to the database when that is set back
      restore();
      await save(...args);
    });
    await busy(a, 900, 1_500);
    expect(a.snapshotFailures).toMatchObject([{ name: 'MemoryRewound' }]);
    expect(await indexedTo(memory)).toBeGreaterThan(2_000);
    const find = jest.spyOn(memory, 'find');
    for (const n of [0, 299, 300, 500, 899, 900, 1_000]) expect(await code(restart().run(ACME, hold(`busy-${n}`, '0.01')))).toBe('hold_closed');
    expect(find).toHaveBeenCalledTimes(7);
  });

  it('costs no second look, and an account that was never snapshotted none at all', async () => {
    const { a, memory } = setUp();
    await withCredit(a, ACME, '100');
    const find = jest.spyOn(memory, 'find');
    await a.run(ACME, hold('h', '1'));
    expect(find).not.toHaveBeenCalled();
    await busy(a, 0, 300);
    find.mockClear();
    const load = jest.spyOn(memory, 'load');
    await a.run(ACME, hold('h-2', '1'));
    expect([find.mock.calls.length, load.mock.calls.length]).toEqual([1, 0]);
  });

  it('does not put off the next snapshot for one that was on its way when all was read anew', async () => {
    const { a, log, memory } = setUp();
    await withCredit(a, ACME, '100');
    let fail = (): void => undefined;
    const save = jest.spyOn(memory, 'save').mockImplementationOnce(() => new Promise((_, reject) => { fail = () => reject(new Error('too late')); }));
    await busy(a, 0, 300);
    expect(save).toHaveBeenCalledTimes(1);
    log.faults.push('unanswered');
    expect(await code(a.run(ACME, hold('unanswered', '0.01')))).toBe('log_unavailable'); // what is in memory is forgotten
    await a.run(ACME, hold('read-anew', '0.01'));
    fail();
    await busy(a, 300, 350);
    expect(await indexedTo(memory)).toBeGreaterThan(600);
  });

  it('leaves every effect single, however often that happens and whichever engine is asked', async () => {
    const { a, b, memory, store, restart } = setUp(2);
    await withCredit(a, ACME, '1000');
    let restore = memory.backUp();
    for (let round = 0; round < 24; round += 1) {
      const engine = [a, b, a, restart()][round % 4] as Engine;
      await busy(engine, round * 100, round * 100 + 150); // half of it is a repetition of what another did
      if (round % 5 === 1) restore = memory.backUp();
      if (round % 5 === 4) restore();
      for (const other of [a, b]) {
        const codes = await Promise.all(numbers(0, round * 100, 37).map((n) => code(other.run(ACME, hold(`busy-${n}`, '0.01')))));
        expect(codes.every((each) => each === 'hold_closed')).toBe(true);
      }
    }
    expect(eventsOf(store).filter((type) => type === 'HoldPlaced')).toHaveLength(2_450);
    expect(eventsOf(store).filter((type) => type === 'UsageSettled')).toHaveLength(2_450);
  });
});

describe('a stream of which nothing is shown any more, though the log has it', () => {
  it('is called deleted, at once, and loses neither its snapshot nor its ids', async () => {
    const { a, clock, memory, restart } = setUp();
    await withCredit(a, ACME, '100');
    await busy(a, 0, 700);
    const before = await memory.load(accountStream(ACME));
    const read = jest.spyOn(InMemoryEventLog.prototype, 'read').mockImplementation(async function* () {});
    const deleted = 'account-acme shows nothing from revision';
    const engine = restart();
    await expect(engine.run(ACME, hold('new', '1'))).rejects.toThrow(deleted);
    await expect(engine.accounts.asOf(ACME, clock())).rejects.toThrow(deleted);
    read.mockRestore();
    expect(await memory.load(accountStream(ACME))).toEqual(before);
    expect(await code(engine.run(ACME, hold('busy-10', '0.01')))).toBe('hold_closed');
  });
});

describe('a log that is set back to an earlier time, beside newer snapshots', () => {
  const stream = accountStream(ACME);
  /** The first events only: what came after them is lost. */
  const rewind = (store: InMemoryStore, to: number): void => {
    store.streams.set(stream, (store.streams.get(stream) ?? []).slice(0, to));
    store.all.splice(0, store.all.length, ...store.all.filter((event) => event.stream !== stream || event.revision < to));
  };
  /** With a snapshot at some 1,300, of which the log still has the first 200 events. */
  const setBack = async (engines = 1) => {
    const site = setUp(engines);
    await withCredit(site.a, ACME, '100');
    await busy(site.a, 0, 700);
    expect(await indexedTo(site.memory)).toBeGreaterThan(1_000);
    rewind(site.store, 202); // 100 holds, settled
    return site;
  };

  it('does anew what the log has lost, and repeats what it has', async () => {
    const { restart, memory, store } = await setBack();
    const engine = restart();
    expect((await engine.run(ACME, settle('busy-10', '0.01'))).repeated).toBe(true);
    expect(await code(engine.run(ACME, hold('busy-600', '0.01')))).toBe('accepted');
    expect(await indexedTo(memory)).toBe(-1);
    expect(await available(engine)).toBe('98.99');
    await busy(engine, 100, 600);
    expect((await memory.load(stream))?.revision).toBeLessThan(1_250);
    for (const each of [engine, restart()]) expect(await code(each.run(ACME, hold('busy-300', '0.01')))).toBe('hold_closed');
    expect(eventsOf(store).filter((type) => type === 'UsageSettled')).toHaveLength(600);
  });

  it('takes no snapshot and no id of the lost history for its own, once it is as long again', async () => {
    const { store, memory, clock, restart } = await setBack();
    const elsewhere = engineOn(new InMemoryEventLog(store), new InMemoryStreamMemory(), clock);
    for (let n = 0; n < 900; n += 50) await Promise.all(numbers(n, n + 50).map((m) => elsewhere.run(ACME, buy(`new-${m}`, '1'))));
    for (let n = 0; n < 300; n += 50) await Promise.all(numbers(n, n + 50).map((m) => elsewhere.run(ACME, buy(`newer-${m}`, '1'))));
    expect(store.streams.get(stream)?.length).toBeGreaterThan((await memory.load(stream))?.revision as number);
    expect(formatAmount(balanceOf(await restart().accounts.asOf(ACME, clock())).available)).toBe('1299');
    const engine = restart();
    expect(await available(engine)).toBe('1299');
    expect(await code(engine.run(ACME, hold('busy-500', '0.01')))).toBe('accepted');
    expect(imbalanceOf(await engine.accounts.current(ACME))).toBeUndefined();
  });

  it('begins again also where it was at work all the while', async () => {
    const { a, b, store } = await setBack(2);
    expect(await code(a.run(ACME, hold('busy-600', '0.01')))).toBe('accepted');
    rewind(store, 202);
    for (let n = 0; n < 900; n += 50) await Promise.all(numbers(n, n + 50).map((m) => b.run(ACME, buy(`new-${m}`, '1'))));
    expect(await available(a)).toBe('999');
    expect(await code(a.run(ACME, hold('busy-600', '0.01')))).toBe('accepted');
  });

  it('lets no snapshot of another version that is ahead of it stand in the way of newer ones', async () => {
    const { memory, restart } = await setBack();
    const ahead = await memory.load(stream) as Snapshot;
    await memory.save(stream, { ...ahead, version: 99 }, [], -1);
    const engine = restart();
    await busy(engine, 100, 400);
    expect((await memory.load(stream))?.version).toBe(ahead.version);
    expect((await memory.load(stream))?.revision).toBeLessThan(ahead.revision);
  });

  it('takes no use of an id that the event it names knows nothing of', async () => {
    const { a, memory } = setUp();
    await withCredit(a, ACME, '100');
    await busy(a, 0, 300);
    const snapshot = await memory.load(stream) as Snapshot;
    await memory.save(stream, snapshot, [{ key: chargeKey('never'), revision: 7 }, { key: chargeKey('never'), revision: 9_999 }], snapshot.revision);
    expect(await code(a.run(ACME, hold('never', '1')))).toBe('accepted');
  });
});
