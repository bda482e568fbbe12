import { jest } from '@jest/globals';
import type { BillingError } from '#libs/kernel';
import { accountStream, balanceOf, imbalanceOf, type Answer } from '#libs/domain';
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
  /** Enough events for several snapshots. */
  const busy = async (engine: Engine): Promise<void> => {
    for (let n = 0; n < 1_500; n += 50) {
      await Promise.all(Array.from({ length: 50 }, async (_, m) => {
        await engine.run(ACME, hold(`busy-${n + m}`, '0.01'));
        await engine.run(ACME, settle(`busy-${n + m}`, '0.01'));
      }));
    }
  };

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

  it('starts over without a snapshot that is ahead of the log', async () => {
    const { a, memory, restart } = setUp();
    await withCredit(a, ACME, '100');
    const stream = accountStream(ACME);
    await busy(a);
    const snapshot = await memory.load(stream);
    await memory.save(stream, { ...snapshot as NonNullable<typeof snapshot>, revision: 99_999, state: (snapshot?.state ?? '').replace(/"revision":\d+/, '"revision":99999') }, []);
    const engine = restart();
    expect(await code(engine.run(ACME, hold('new', '1')))).toBe('accepted');
    expect(imbalanceOf(await engine.accounts.current(ACME))).toBeUndefined();
  });
});
