/**
 * An immutable map from text to values (a hash trie, 32 ways a level): `set` and `delete` answer a new map that shares
 * all but one path with the old one. An account's state is a value because of it: a lost race is undone by dropping the
 * new state, and 10,000 open holds cost no more to change than ten.
 */
export interface PersistentMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  set(key: string, value: V): PersistentMap<V>;
  delete(key: string): PersistentMap<V>;
  entries(): IterableIterator<[string, V]>;
  values(): IterableIterator<V>;
}

type Leaf<V> = { readonly hash: number; readonly key: string; readonly value: V; readonly next: Leaf<V> | undefined };
type Branch<V> = { readonly bitmap: number; readonly slots: ReadonlyArray<Branch<V> | Leaf<V>> };
type Node<V> = Branch<V> | Leaf<V>;

const BITS = 5;
const isLeaf = <V>(node: Node<V>): node is Leaf<V> => 'key' in node;

const hashOf = (key: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
};

const bitOf = (hash: number, shift: number): number => 1 << ((hash >>> shift) & 31);
const indexOf = (bitmap: number, bit: number): number => {
  let below = bitmap & (bit - 1);
  below -= (below >>> 1) & 0x55555555;
  below = (below & 0x33333333) + ((below >>> 2) & 0x33333333);
  return Math.imul((below + (below >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

const find = <V>(root: Node<V> | undefined, hash: number, key: string): Leaf<V> | undefined => {
  let node = root;
  for (let shift = 0; node && !isLeaf(node); shift += BITS) {
    const bit = bitOf(hash, shift);
    node = node.bitmap & bit ? node.slots[indexOf(node.bitmap, bit)] : undefined;
  }
  let leaf = node;
  while (leaf && leaf.key !== key) leaf = leaf.next;
  return leaf;
};

const without = <V>(leaf: Leaf<V> | undefined, key: string): Leaf<V> | undefined =>
  !leaf ? undefined : leaf.key === key ? leaf.next : { ...leaf, next: without(leaf.next, key) };

const join = <V>(a: Leaf<V>, b: Leaf<V>, shift: number): Branch<V> => {
  const [bitA, bitB] = [bitOf(a.hash, shift), bitOf(b.hash, shift)];
  if (bitA === bitB) return { bitmap: bitA, slots: [join(a, b, shift + BITS)] };
  return { bitmap: bitA | bitB, slots: bitA >>> 0 < bitB >>> 0 ? [a, b] : [b, a] };
};

const insert = <V>(node: Node<V> | undefined, leaf: Leaf<V>, shift: number): Node<V> => {
  if (!node) return leaf;
  if (isLeaf(node)) {
    return node.hash === leaf.hash ? { ...leaf, next: without(node, leaf.key) } : join(node, leaf, shift);
  }
  const bit = bitOf(leaf.hash, shift);
  const index = indexOf(node.bitmap, bit);
  const slots = node.slots.slice();
  if (node.bitmap & bit) slots[index] = insert(slots[index], leaf, shift + BITS);
  else slots.splice(index, 0, leaf);
  return { bitmap: node.bitmap | bit, slots };
};

const remove = <V>(node: Node<V>, hash: number, key: string, shift: number): Node<V> | undefined => {
  if (isLeaf(node)) return without(node, key);
  const bit = bitOf(hash, shift);
  const index = indexOf(node.bitmap, bit);
  const child = remove(node.slots[index] as Node<V>, hash, key, shift + BITS);
  if (!child && node.slots.length === 1) return undefined;
  const slots = node.slots.slice();
  if (child) slots[index] = child;
  else slots.splice(index, 1);
  const only = slots[0];
  // A lone leaf moves up, so that a map that shrank is as shallow as one that never grew.
  return slots.length === 1 && only && isLeaf(only) ? only : { bitmap: child ? node.bitmap : node.bitmap & ~bit, slots };
};

class HashTrie<V> implements PersistentMap<V> {
  constructor(private readonly root: Node<V> | undefined, readonly size: number) {}

  get(key: string): V | undefined { return find(this.root, hashOf(key), key)?.value; }
  has(key: string): boolean { return find(this.root, hashOf(key), key) !== undefined; }

  set(key: string, value: V): PersistentMap<V> {
    const hash = hashOf(key);
    const added = find(this.root, hash, key) ? 0 : 1;
    return new HashTrie(insert(this.root, { hash, key, value, next: undefined }, 0), this.size + added);
  }

  delete(key: string): PersistentMap<V> {
    const hash = hashOf(key);
    if (!this.root || !find(this.root, hash, key)) return this;
    return this.size === 1 ? EMPTY : new HashTrie(remove(this.root, hash, key, 0), this.size - 1);
  }

  *entries(): IterableIterator<[string, V]> {
    const stack: Node<V>[] = this.root ? [this.root] : [];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (isLeaf(node)) for (let leaf: Leaf<V> | undefined = node; leaf; leaf = leaf.next) yield [leaf.key, leaf.value];
      else stack.push(...node.slots);
    }
  }

  *values(): IterableIterator<V> { for (const [, value] of this.entries()) yield value; }
}

const EMPTY = new HashTrie<never>(undefined, 0);
export const emptyMap = <V>(): PersistentMap<V> => EMPTY;
export const mapOf = <V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> => {
  let map = emptyMap<V>();
  for (const [key, value] of entries) map = map.set(key, value);
  return map;
};
