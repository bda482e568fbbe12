import * as fc from 'fast-check';
import { NamesByLikeness } from './closest.js';

const pairs = (text: string): Set<string> => {
  const padded = ` ${text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')} `;
  return new Set(Array.from({ length: padded.length - 1 }, (_, at) => padded.slice(at, at + 2)));
};

/** Written down straight: the share of common pairs, of all names, sorted. */
const naive = (wanted: string, names: readonly string[]): string[] => {
  const of = pairs(wanted);
  const score = (name: string): number => (2 * [...pairs(name)].filter((pair) => of.has(pair)).length) / (of.size + pairs(name).size);
  return names.map((name) => ({ name, score: score(name) })).sort((a, b) => b.score - a.score).slice(0, 5).map(({ name }) => name);
};

describe('the names most like another', () => {
  it('have most letter pairs in common, in whatever order, with dots or dashes', () => {
    const names = new NamesByLikeness(['gpt-5', 'claude-opus-4.7', 'claude-sonnet-4-6', 'sonnet']);
    expect(names.closestTo('claude_sonnet_46')).toEqual(['claude-sonnet-4-6', 'sonnet', 'claude-opus-4.7', 'gpt-5']);
    expect(names.closestTo('sonnet-claude', 1)).toEqual(['claude-sonnet-4-6']);
    expect(names.closestTo('')).toHaveLength(4);
    expect(new NamesByLikeness([]).closestTo('gpt')).toEqual([]);
  });

  it('are those a plain comparison with all finds', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', '.', ' ', 'é'), maxLength: 12 });
    fc.assert(fc.property(fc.uniqueArray(name, { maxLength: 12 }), name, (names, wanted) => {
      expect(new NamesByLikeness(names).closestTo(wanted)).toEqual(naive(wanted, names));
    }));
  });

  it('are found for a thousand long names among two thousand in little time', () => {
    const long = (n: number): string => `${'abcdefghijklmnopqrstuvwxyz'.repeat(4)}${n}`.slice(-100);
    const names = new NamesByLikeness(Array.from({ length: 2_000 }, (_, n) => long(n)));
    const before = performance.now();
    for (let n = 0; n < 1_000; n += 1) names.closestTo(long(n + 5_000));
    // About 0.2 s; 19 s by comparing pairs with pairs. The rest is for a busy machine.
    expect(performance.now() - before).toBeLessThan(4_000);
  });
});
