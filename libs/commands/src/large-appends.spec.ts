import { accountStream } from '#libs/domain';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../event-log/src/testing/in-memory.js';
import { engineOn, handClock, hold, withCredit } from './testing/engine.js';
import { FlakyLog } from './testing/flaky-log.js';

const HOLDS = 100;
/** Some eight expiries. */
const SMALL = 5_000;

/** An account with very many open holds that have all ended, and an engine on a log that takes little at once. */
const afterLongStop = async () => {
  const store = new InMemoryStore();
  const memory = new InMemoryStreamMemory();
  const clock = handClock();
  const before = engineOn(new InMemoryEventLog(store), memory, clock);
  await withCredit(before, 'acme', '200');
  await Promise.all(Array.from({ length: HOLDS }, (_, n) => before.run('acme', hold(`h-${n}`, '1'))));
  clock.at = '2026-11-21T12:00:00.000Z';
  const log = new FlakyLog(new InMemoryEventLog(store, SMALL));
  const stored = () => store.streams.get(accountStream('acme')) ?? [];
  return { ...engineOn(log, memory, clock), log, store, stored, expired: () => stored().filter(({ type }) => type === 'HoldExpired').length };
};

describe('more than the log takes at once', () => {
  it('is appended in several goes, and the command behind it as ever', async () => {
    const { run, log, stored, expired } = await afterLongStop();
    const answer = await run('acme', hold('new', '150'));
    expect(answer).toMatchObject({ repeated: false, balance: { held: '150' } });
    expect(log.appends).toBeGreaterThan(5);
    expect([expired(), stored().at(-1)?.type]).toEqual([HOLDS, 'HoldPlaced']);
    expect(answer.revision).toBe(stored().length - 1);
  });

  it('is appended to its end by whoever comes next, where it was cut off', async () => {
    const { run, log, expired } = await afterLongStop();
    let cut = 0;
    log.before = async () => { if ((cut += 1) === 3) log.faults.push('lost'); };
    await expect(run('acme', hold('new', '150'))).rejects.toMatchObject({ code: 'log_unavailable' });
    expect(expired()).toBeGreaterThan(0);
    expect(expired()).toBeLessThan(HOLDS);
    expect(await run('acme', hold('new', '150'))).toMatchObject({ repeated: false });
    expect(expired()).toBe(HOLDS);
    expect(await run('acme', hold('new', '150'))).toMatchObject({ repeated: true });
  });

  it('is decided anew behind what another engine appended in between', async () => {
    const { run, log, store, stored, expired } = await afterLongStop();
    const other = engineOn(new InMemoryEventLog(store), new InMemoryStreamMemory(), handClock('2026-11-21T12:00:00.000Z'));
    let cut = 0;
    log.before = async (stream) => {
      if (stream === accountStream('acme') && (cut += 1) === 2) {
        log.before = () => Promise.resolve();
        expect(await other.run('acme', hold('theirs', '40'))).toMatchObject({ repeated: false });
      }
    };
    await expect(run('acme', hold('new', '170'))).rejects.toMatchObject({ code: 'insufficient_credits' });
    expect(expired()).toBe(HOLDS);
    expect(stored().filter(({ type }) => type === 'HoldPlaced')).toHaveLength(HOLDS + 1);
  });
});
