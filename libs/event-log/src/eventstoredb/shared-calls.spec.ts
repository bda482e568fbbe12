import { setImmediate } from 'node:timers/promises';
import { SharedCalls } from './shared-calls.js';

describe('shared calls', () => {
  /** Questions as they are asked, to be answered by the test. */
  const asking = (most?: number): { calls: SharedCalls<string, number>; asked: { key: string; answer: (value: number) => void; fail: (error: Error) => void }[] } => {
    const asked: { key: string; answer: (value: number) => void; fail: (error: Error) => void }[] = [];
    return { asked, calls: new SharedCalls((key) => new Promise((answer, fail) => { asked.push({ key, answer, fail }); }), most) };
  };

  it('ask once for all that come in one tick, and once for each key', async () => {
    const { calls, asked } = asking();
    const answers = Promise.all([calls.get('a'), calls.get('a'), calls.get('b'), calls.get('a')]);
    await setImmediate();
    expect(asked.map(({ key }) => key)).toEqual(['a', 'b']);
    asked[0]?.answer(1);
    asked[1]?.answer(2);
    expect(await answers).toEqual([1, 1, 2, 1]);
  });

  it('never answer with what was asked before the call', async () => {
    const { calls, asked } = asking();
    const first = calls.get('a');
    await setImmediate();
    const [second, third] = [calls.get('a'), calls.get('a')];
    await setImmediate();
    expect(asked).toHaveLength(1); // the next gathers while one is under way
    asked[0]?.answer(1);
    expect(await first).toBe(1);
    await setImmediate();
    expect(asked).toHaveLength(2);
    asked[1]?.answer(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
  });

  it('wait for an answer that is none of theirs only while as many as may be are under way', async () => {
    const { calls, asked } = asking(2);
    const answers: Promise<number>[] = [];
    for (let n = 0; n < 4; n += 1) {
      answers.push(calls.get('a'));
      await setImmediate();
    }
    expect(asked).toHaveLength(2);
    asked[1]?.answer(2);
    await setImmediate();
    expect(asked).toHaveLength(3);
    asked[0]?.answer(1);
    asked[2]?.answer(3);
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 3]);
  });

  it('fail those who share the call, and nobody after them', async () => {
    const { calls, asked } = asking();
    const failing = calls.get('a');
    await setImmediate();
    const next = calls.get('a');
    asked[0]?.fail(new Error('lost'));
    await expect(failing).rejects.toThrow('lost');
    await setImmediate();
    asked[1]?.answer(7);
    expect(await next).toBe(7);
  });
});
