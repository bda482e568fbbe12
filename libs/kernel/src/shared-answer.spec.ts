import { setTimeout as delay } from 'node:timers/promises';
import { sharedAnswer } from './shared-answer.js';

describe('an answer that is shared', () => {
  const FOR_MS = 40;

  it('is asked for once by all who want it at the same time, however long it takes, and soon after', async () => {
    let asked = 0;
    const ask = sharedAnswer(async () => { asked += 1; await delay(3 * FOR_MS); return asked; }, FOR_MS);
    const first = ask();
    await delay(2 * FOR_MS);
    expect(await Promise.all([first, ask(), ask()])).toEqual([1, 1, 1]);
    expect(await ask()).toBe(1);
  });

  it('is asked for anew after a while, also when it failed', async () => {
    let asked = 0;
    const ask = sharedAnswer(async () => { asked += 1; if (asked === 1) throw new Error('away'); return asked; }, FOR_MS);
    await expect(ask()).rejects.toThrow('away');
    await expect(ask()).rejects.toThrow('away');
    await delay(2 * FOR_MS);
    expect(await ask()).toBe(2);
  });
});
