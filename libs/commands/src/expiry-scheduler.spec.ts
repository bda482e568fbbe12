import { jest } from '@jest/globals';
import type { Account } from '#libs/domain';
import { ExpiryScheduler, type DueAccounts } from './expiry-scheduler.js';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

const some = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

/** A scheduler over accounts that are due in this order until a wake went well and read models have seen it. */
const setUp = (due: string[], { wake = () => Promise.resolve(), seenAtOnce = true }: { wake?: (id: string) => Promise<unknown>; seenAtOnce?: boolean } = {}) => {
  const woken: string[] = [];
  const errors: unknown[] = [];
  const revisions = new Map<string, number>();
  const left = new Set(due);
  const accounts = {
    current: async (id: string): Promise<Account> => {
      woken.push(id);
      await wake(id);
      if (seenAtOnce) left.delete(id);
      if (!revisions.has(id)) revisions.set(id, 7); // what was due is written by the first wake; others find nothing to do
      return { revision: revisions.get(id) } as Account;
    },
  };
  const query: DueAccounts = { accountsDue: (_now, limit, except) => Promise.resolve([...left].filter((id) => !except.includes(id)).slice(0, limit)) };
  const scheduler = new ExpiryScheduler(accounts, query, () => '2026-11-21T10:00:00.000Z', (error) => errors.push(error));
  return { scheduler, woken, errors, left };
};

describe('waking what is due', () => {
  it('wakes each account once, longest due first', async () => {
    const { scheduler, woken } = setUp(some('a', 40));
    expect(await scheduler.tick()).toBe(40);
    expect(woken).toEqual(some('a', 40));
    expect(await scheduler.tick()).toBe(0);
  });

  it('wakes all others though more accounts fail than are woken at once, or fit one look', async () => {
    const { scheduler, woken, errors } = setUp([...some('bad', 600), ...some('good', 50)], { wake: (id) => (id.startsWith('bad') ? Promise.reject(new Error('damaged')) : Promise.resolve()) });
    await scheduler.tick();
    await scheduler.tick();
    expect(woken.filter((id) => id.startsWith('good'))).toEqual(some('good', 50));
    expect(errors).toMatchObject([{ message: 'account bad-0 could not be woken: damaged' }, { message: 'account bad-500 could not be woken: damaged' }]);
  });

  it('tries one that fails less and less often, for ever, and says since when', async () => {
    let damaged = true;
    const { scheduler, woken } = setUp(['bad'], { wake: () => (damaged ? Promise.reject(new Error('damaged')) : Promise.resolve()) });
    scheduler.start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(woken.length).toBeGreaterThan(5);
    expect(woken.length).toBeLessThan(10);
    expect(scheduler.failing).toMatchObject({ error: { message: expect.stringContaining('damaged') as string }, seconds: 60 });
    damaged = false;
    await jest.advanceTimersByTimeAsync(65_000);
    expect(scheduler.failing).toEqual({ error: undefined, seconds: 0 });
    await scheduler.stop();
  });

  it('leaves an account out that is named for no reason, as where read models stand still', async () => {
    const { scheduler, woken } = setUp(['stale'], { seenAtOnce: false });
    scheduler.start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(woken.length).toBeLessThan(10);
    await scheduler.stop();
  });

  it('keeps nobody waiting for accounts that hang, and wakes none twice at once', async () => {
    let goOn = (): void => undefined;
    const hanging = new Promise<void>((resolve) => { goOn = resolve; });
    const { scheduler, woken } = setUp([...some('slow', 32), ...some('good', 50)], { wake: (id) => (id.startsWith('slow') ? hanging : Promise.resolve()) });
    scheduler.start();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(woken).toEqual([...some('slow', 32), ...some('good', 50)]);
    goOn();
    await scheduler.stop();
  });

  it('says so when it cannot learn what is due, and goes on', async () => {
    const { scheduler, woken, errors } = setUp(['a']);
    const down = jest.spyOn(scheduler['due'], 'accountsDue').mockRejectedValueOnce(new Error('no database'));
    scheduler.start();
    await jest.advanceTimersByTimeAsync(100);
    expect(scheduler.failing.error?.message).toBe('no database');
    await jest.advanceTimersByTimeAsync(1_000);
    expect([woken, errors.length, scheduler.failing.error]).toEqual([['a'], 1, undefined]);
    await scheduler.stop();
    down.mockRestore();
  });
});
