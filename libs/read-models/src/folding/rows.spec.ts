import { Rows } from './rows.js';

const settled = (rows: Record<string, string>, capacity = 100): Rows<string> => {
  const cache = new Rows<string>(capacity);
  for (const [key, row] of Object.entries(rows)) cache.learn(key, row);
  return cache;
};

describe('Rows', () => {
  it('tells what was added, changed and removed since the table was written', () => {
    const rows = settled({ a: 'a', b: 'b', c: 'c' });
    rows.change('a', () => 'A');
    rows.change('b', () => undefined);
    rows.change('d', () => 'd');
    expect(rows.take()).toEqual({ inserted: ['d'], updated: ['A'], deleted: ['b'] });
    expect(rows.take()).toEqual({ inserted: [], updated: [], deleted: [] });
    expect(rows.has('b')).toBe(false);
    expect(rows.get('a')).toBe('A');
  });

  it('forgets what came and went between two writes', () => {
    const rows = settled({});
    rows.change('a', () => 'a');
    rows.change('a', () => undefined);
    expect(rows.take()).toEqual({ inserted: [], updated: [], deleted: [] });
  });

  it('takes a row that went and came back for changed', () => {
    const rows = settled({ a: 'a' });
    rows.change('a', () => undefined);
    rows.change('a', () => 'again');
    expect(rows.take()).toEqual({ inserted: [], updated: ['again'], deleted: [] });
  });

  it('goes on changing rows while what was taken is written', () => {
    const rows = settled({ a: 'a' });
    rows.change('a', () => 'A');
    rows.take();
    rows.change('a', (row) => `${row}A`);
    rows.change('b', () => 'b');
    rows.settle();
    expect(rows.take()).toEqual({ inserted: ['b'], updated: ['AA'], deleted: [] });
  });

  it('remembers that a row is not there', () => {
    const rows = new Rows<string>(10);
    rows.learn('a', undefined);
    expect(rows.has('a')).toBe(true);
    expect(rows.get('a')).toBeUndefined();
  });

  it('keeps what is used and lets the rest go, twice its capacity at most', () => {
    const rows = new Rows<string>(3);
    for (let n = 0; n < 30; n += 1) {
      rows.has('used');
      rows.change('used', () => `used ${n}`);
      rows.change(`row ${n}`, () => 'row');
      rows.take();
      rows.settle();
    }
    expect(rows.has('used')).toBe(true);
    expect(rows.get('used')).toBe('used 29');
    expect(Array.from({ length: 30 }, (_, n) => rows.has(`row ${n}`)).filter(Boolean).length).toBeLessThanOrEqual(6);
  });

  it('knows nothing any more once it was told to forget', () => {
    const rows = settled({ a: 'a' });
    rows.change('b', () => 'b');
    rows.forget();
    expect(rows.has('a')).toBe(false);
    expect(rows.take()).toEqual({ inserted: [], updated: [], deleted: [] });
  });
});
