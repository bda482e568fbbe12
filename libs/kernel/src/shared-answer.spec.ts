import { sharedAnswer } from './shared-answer.js';

describe('an answer that is shared', () => {
  let now = 0;
  let asked = 0;
  const clock = (): number => now;
  const count = (): Promise<number> => Promise.resolve(++asked);

  beforeEach(() => { now = 0; asked = 0; });

  it('is found once for all who ask while it is found, however long that takes', async () => {
    let found: (answer: number) => void = () => undefined;
    const ask = sharedAnswer(() => { asked += 1; return new Promise<number>((resolve) => { found = resolve; }); }, 10, clock);
    const first = ask();
    now = 1_000;
    const second = ask();
    found(7);
    expect(await Promise.all([first, second])).toEqual([7, 7]);
    expect(asked).toBe(1);
  });

  it('serves those who ask soon after it was found, and is found anew for those who come later', async () => {
    const ask = sharedAnswer(count, 10, clock);
    expect(await ask()).toBe(1);
    now = 9.9;
    expect(await ask()).toBe(1);
    now = 10;
    expect(await ask()).toBe(2);
  });

  it('shares a failure the same way, and then asks again', async () => {
    const ask = sharedAnswer(() => (++asked === 1 ? Promise.reject(new Error('down')) : Promise.resolve('up')), 10, clock);
    await expect(ask()).rejects.toThrow('down');
    await expect(ask()).rejects.toThrow('down');
    expect(asked).toBe(1);
    now = 10;
    expect(await ask()).toBe('up');
  });
});
