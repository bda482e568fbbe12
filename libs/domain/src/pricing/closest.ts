/** Letters of a name that are looked at: enough to tell names apart, and a bound on what a long one costs. */
const LETTERS = 48;
const ALPHABET = ' abcdefghijklmnopqrstuvwxyz0123456789';

/** The pairs of neighbours in a name, as numbers; order, dots and dashes do not count for much. */
const pairsOf = (text: string): Set<number> => {
  const letters = text.slice(0, 128).toLowerCase().replaceAll(/[^a-z0-9]/g, '').slice(0, LETTERS);
  const pairs = new Set<number>();
  let before = 0;
  for (const letter of `${letters} `) {
    const code = ALPHABET.indexOf(letter);
    pairs.add(before * ALPHABET.length + code);
    before = code;
  }
  return pairs;
};

/**
 * Finds the names most like one that does not exist, by the share of letter pairs they have in common (Dice). Names are
 * listed by their pairs once, so that a look costs about as many steps as there are names, also for thousands of them.
 */
export class NamesByLikeness {
  private readonly names: readonly string[];
  private readonly pairCounts: Uint8Array;
  /** For each pair, where the names stand that have it. */
  private readonly having = new Map<number, number[]>();

  constructor(names: Iterable<string>) {
    this.names = [...names];
    this.pairCounts = new Uint8Array(this.names.length);
    for (const [at, name] of this.names.entries()) {
      const pairs = pairsOf(name);
      this.pairCounts[at] = pairs.size;
      for (const pair of pairs) {
        const having = this.having.get(pair);
        if (having) having.push(at);
        else this.having.set(pair, [at]);
      }
    }
  }

  /** The best first, at most `most`; of two that are as good, the earlier one. */
  closestTo(wanted: string, most = 5): string[] {
    const pairs = pairsOf(wanted);
    const common = new Uint8Array(this.names.length);
    for (const pair of pairs) for (const at of this.having.get(pair) ?? []) common[at] = common[at] as number + 1;
    const best: { name: string; score: number }[] = [];
    for (const [at, name] of this.names.entries()) {
      const score = (2 * (common[at] as number)) / (pairs.size + (this.pairCounts[at] as number));
      if (best.length === most && score <= (best.at(-1)?.score ?? 0)) continue;
      const place = best.findIndex((other) => other.score < score);
      best.splice(place < 0 ? best.length : place, 0, { name, score });
      if (best.length > most) best.pop();
    }
    return best.map(({ name }) => name);
  }
}
