import { Waiters } from './waiters.js';

describe('waiting where another process applies', () => {
  it('asks the database no more for what it has just said, and remembers it of lately only', async () => {
    const asked: string[] = [];
    const waiters = new Waiters({
      applied: (accountIds) => { asked.push(...accountIds); return Promise.resolve(new Map(accountIds.map((id) => [id, 7]))); },
      hurry: () => undefined,
    });
    const waitFor = (accountId: string): Promise<void> => waiters.waitFor(accountId, 7, 60_000);
    const timesAsked = (): number => asked.filter((id) => id === 'acme').length;

    await waitFor('acme');
    await waitFor('acme');
    expect(timesAsked()).toBe(1);

    await Promise.all(Array.from({ length: 100_000 }, (_, n) => waitFor(`other-${n}`)));
    await waitFor('acme');
    expect(timesAsked()).toBe(2);
  });
});
