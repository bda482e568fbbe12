import { Gathered } from './gathered.js';

/** Reads that are answered when the test says so. */
const reads = () => {
  const asked: { keys: readonly string[]; answer: (found: Record<string, number>) => void; fail: (error: Error) => void }[] = [];
  const gathered = new Gathered<number>((keys) => new Promise((resolve, reject) => {
    asked.push({ keys, answer: (found) => resolve(new Map(Object.entries(found))), fail: reject });
  }));
  return { asked, find: (key: string) => gathered.find(key) };
};

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

it('reads at once what one turn of the event loop asks for, each key once', async () => {
  const { asked, find } = reads();
  const all = Promise.all([find('a'), find('b'), find('a')]);
  await turn();
  expect(asked.map(({ keys }) => keys)).toEqual([['a', 'b']]);
  asked[0]?.answer({ a: 1, b: 2 });
  expect(await all).toEqual([1, 2, 1]);
});

it('reads together what was asked for while a read was under way, and reads it anew', async () => {
  const { asked, find } = reads();
  const first = find('a');
  await turn();
  const rest = Promise.all([find('a'), find('c')]);
  await turn();
  expect(asked).toHaveLength(1);
  asked[0]?.answer({ a: 1 });
  expect(await first).toBe(1);
  await turn();
  expect(asked[1]?.keys).toEqual(['a', 'c']);
  asked[1]?.answer({ a: 2, c: 3 });
  expect(await rest).toEqual([2, 3]);
});

it('answers undefined for what is not there', async () => {
  const { asked, find } = reads();
  const none = find('nobody');
  await turn();
  asked[0]?.answer({});
  expect(await none).toBeUndefined();
});

it('fails those alone who shared a read that failed', async () => {
  const { asked, find } = reads();
  const refused = Promise.allSettled([find('a'), find('b')]);
  await turn();
  const next = find('a');
  asked[0]?.fail(new Error('gone'));
  expect((await refused).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await turn();
  asked[1]?.answer({ a: 1 });
  expect(await next).toBe(1);
});
