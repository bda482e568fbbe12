import { setImmediate } from 'node:timers/promises';
import { Slots, Turns } from './slots.js';

const fails = (): Promise<never> => Promise.reject(new Error('failed'));

describe('slots', () => {
  it('let so many work at once, and the others in their order, whatever becomes of them', async () => {
    const slots = new Slots(2);
    const [started, finish] = [[] as number[], [] as (() => void)[]];
    const works = [0, 1, 2, 3].map((n) => slots.use(() => new Promise<void>((resolve, reject) => {
      started.push(n);
      finish.push(n === 1 ? (): void => reject(new Error('failed')) : resolve);
    })));
    const outcomes = Promise.allSettled(works);
    await setImmediate();
    expect(started).toEqual([0, 1]);
    finish[1]?.();
    await setImmediate();
    expect(started).toEqual([0, 1, 2]);
    for (const n of [0, 2]) finish[n]?.();
    await setImmediate();
    finish[3]?.();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    await expect(slots.use(() => Promise.resolve('free again'))).resolves.toBe('free again');
  });
});

describe('turns', () => {
  it('do what belongs together one after another, and the rest at once', async () => {
    const [turns, done] = [new Turns(), [] as string[]];
    let release = (): void => undefined;
    const first = turns.take('a', () => new Promise<void>((resolve) => { release = (): void => { done.push('a1'); resolve(); }; }));
    const second = turns.take('a', () => { done.push('a2'); return fails(); });
    const third = turns.take('a', () => { done.push('a3'); return Promise.resolve(); });
    await turns.take('b', () => { done.push('b'); return Promise.resolve(); });
    release();
    await Promise.allSettled([first, second, third]);
    expect(done).toEqual(['b', 'a1', 'a2', 'a3']);
  });
});
