/** An immutable heap (leftist): the least item first. Pushing and popping share structure with the old heap. */
export interface Heap<T> {
  readonly item: T;
  readonly size: number;
  readonly rank: number;
  readonly left: Heap<T> | undefined;
  readonly right: Heap<T> | undefined;
}

type Less<T> = (a: T, b: T) => boolean;

const merge = <T>(a: Heap<T> | undefined, b: Heap<T> | undefined, less: Less<T>): Heap<T> | undefined => {
  if (!a || !b) return a ?? b;
  const [top, other] = less(b.item, a.item) ? [b, a] : [a, b];
  const merged = merge(top.right, other, less);
  const [left, right] = (top.left?.rank ?? 0) >= (merged?.rank ?? 0) ? [top.left, merged] : [merged, top.left];
  return { item: top.item, size: a.size + b.size, rank: (right?.rank ?? 0) + 1, left, right };
};

export const push = <T>(heap: Heap<T> | undefined, item: T, less: Less<T>): Heap<T> =>
  merge(heap, { item, size: 1, rank: 1, left: undefined, right: undefined }, less) as Heap<T>;

export const pop = <T>(heap: Heap<T>, less: Less<T>): Heap<T> | undefined => merge(heap.left, heap.right, less);
