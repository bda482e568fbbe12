import { Tip } from './tip.js';

const tipAt = (position: number): Tip => {
  const tip = new Tip();
  tip.advance(position);
  return tip;
};

describe('a tip', () => {
  it('wakes who waits once it is past them, and only then', async () => {
    const [tip, woken] = [tipAt(5), [] as number[]];
    const waiting = [5, 7].map(async (position) => { await tip.past(position, new AbortController().signal); woken.push(position); });
    tip.advance(6);
    await waiting[0];
    tip.advance(7);
    await Promise.resolve();
    expect(woken).toEqual([5]);
    tip.advance(8);
    await Promise.all(waiting);
  });

  it('goes back with the log, and wakes again from there', async () => {
    const tip = tipAt(10);
    tip.foundNothingAfter(5, tip.told);
    expect([tip.isPast(4), tip.isPast(5)]).toEqual([true, false]);
    const waiting = tip.past(5, new AbortController().signal);
    tip.advance(6);
    await waiting;
  });

  it('stays at what it is: a read from further on says nothing of what is before', () => {
    const tip = tipAt(10);
    tip.foundNothingAfter(20, tip.told);
    expect([tip.isPast(9), tip.isPast(10)]).toEqual([true, false]);
  });

  it.each([['further than ever', 11], ['less far than before the log went back', 6]])('has a read that a commit overtook done again, where that goes %s', (_, end) => {
    const tip = tipAt(10);
    const { told } = tip;
    tip.advance(end);
    tip.foundNothingAfter(5, told);
    expect(tip.isPast(5)).toBe(true);
  });
});
