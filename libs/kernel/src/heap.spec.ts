import * as fc from 'fast-check';
import { pop, push, type Heap } from './heap.js';

const less = (a: number, b: number): boolean => a < b;
const heapOf = (items: readonly number[]): Heap<number> | undefined =>
  items.reduce<Heap<number> | undefined>((heap, item) => push(heap, item, less), undefined);
const drain = (heap: Heap<number> | undefined): number[] => {
  const items: number[] = [];
  for (let rest = heap; rest; rest = pop(rest, less)) items.push(rest.item);
  return items;
};

describe('a heap', () => {
  it('gives its items back in order', () => {
    fc.assert(fc.property(fc.array(fc.integer()), (items) => {
      expect(drain(heapOf(items))).toEqual(items.toSorted((a, b) => a - b));
    }));
  });

  it('knows how many it has', () => {
    fc.assert(fc.property(fc.array(fc.integer()), (items) => {
      let size = items.length;
      for (let heap = heapOf(items); heap; heap = pop(heap, less)) expect(heap.size).toBe(size--);
      expect(size).toBe(0);
    }));
  });

  it('never changes an older version of itself', () => {
    fc.assert(fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer(), (items, another) => {
      const before = heapOf(items) as Heap<number>;
      drain(push(before, another, less));
      expect(drain(before)).toEqual(items.toSorted((a, b) => a - b));
    }));
  });

  it('stays shallow on the side it works on, however it was filled', () => {
    const spine = (heap: Heap<number> | undefined): number => (heap ? 1 + spine(heap.right) : 0);
    const rising = Array.from({ length: 10_000 }, (_, n) => n);
    expect(spine(heapOf(rising))).toBeLessThanOrEqual(14);
    expect(spine(heapOf(rising.toReversed()))).toBeLessThanOrEqual(14);
  });
});
