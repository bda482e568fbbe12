import * as fc from 'fast-check';
import { emptyMap, mapOf, type PersistentMap } from './persistent-map.js';

/** Pairs with one FNV-1a hash, so that leaves chain; the rest meet in a few levels of the trie. */
const COLLIDING = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke'];
const key = fc.oneof(fc.constantFrom(...COLLIDING), fc.string({ maxLength: 2 }), fc.nat(5_000).map((n) => `hold-${n}`));

type Step = { readonly set: string; readonly value: number } | { readonly delete: string };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(fc.record({ set: key, value: fc.nat() }), fc.record({ delete: key })), { maxLength: 400, size: 'max' });

const sorted = (entries: Iterable<[string, number]>): [string, number][] => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

describe('a persistent map', () => {
  it('holds what a Map holds, whatever was set and deleted', () => {
    fc.assert(fc.property(steps, (todo) => {
      let map: PersistentMap<number> = emptyMap();
      const model = new Map<string, number>();
      for (const step of todo) {
        if ('set' in step) { map = map.set(step.set, step.value); model.set(step.set, step.value); }
        else { map = map.delete(step.delete); model.delete(step.delete); }
        expect(map.size).toBe(model.size);
      }
      expect(sorted(map.entries())).toEqual(sorted(model.entries()));
      for (const [name, value] of model) expect([map.has(name), map.get(name)]).toEqual([true, value]);
    }));
  });

  it('never changes an older version of itself', () => {
    fc.assert(fc.property(steps, steps, (first, then) => {
      const apply = (map: PersistentMap<number>, step: Step) => ('set' in step ? map.set(step.set, step.value) : map.delete(step.delete));
      const before = first.reduce(apply, emptyMap<number>());
      const seen = sorted(before.entries());
      then.reduce(apply, before);
      expect(sorted(before.entries())).toEqual(seen);
    }));
  });

  it('is as shallow after shrinking as if it had never grown', () => {
    fc.assert(fc.property(fc.uniqueArray(key, { minLength: 1, maxLength: 200 }), fc.uniqueArray(key, { maxLength: 200 }), (kept, others) => {
      const never = mapOf(kept.map((name) => [name, 1] as const));
      const grown = mapOf([...others, ...kept].map((name) => [name, 1] as const));
      const shrunk = others.filter((name) => !kept.includes(name)).reduce((map, name) => map.delete(name), grown);
      expect(sorted(shrunk.entries())).toEqual(sorted(never.entries()));
      expect(depthOf(shrunk)).toBe(depthOf(never));
    }));
  });

  it('keeps keys apart that have one hash', () => {
    const map = mapOf(COLLIDING.map((name, n) => [name, n] as const));
    expect(COLLIDING.map((name) => map.get(name))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(COLLIDING.map((name) => map.delete('liquid').get(name))).toEqual([0, undefined, 2, 3, 4, 5]);
    expect(map.set('costarring', 9).get('liquid')).toBe(1);
  });

  it('is itself when what is deleted was not there', () => {
    const map = mapOf([['a', 1]]);
    expect(map.delete('b')).toBe(map);
    expect(map.delete('a').size).toBe(0);
  });
});

type Inner = { readonly slots?: readonly Inner[] };
const depthOf = (map: PersistentMap<number>): number => {
  const depth = (node: Inner | undefined): number => (node?.slots ? 1 + Math.max(...node.slots.map(depth)) : 0);
  return depth((map as unknown as { root?: Inner }).root);
};
