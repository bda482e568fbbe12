export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Rounds of what takes a minute and more at full size, and has no short turn that a noisy neighbour could fill. */
export const longRounds = (rounds: number): number => Math.min(rounds, 3);

/** The median of the ratios within each round: what slows the machine for a while slows both sides of a ratio. */
export const medianRatio = (figures: readonly number[], floors: readonly number[]): number =>
  median(figures.map((figure, round) => figure / floors[round]!));

/**
 * Lets each contender have a short turn, round after round, in turning order, so that neither a noisy neighbour nor a
 * growing table counts against one of them alone.
 * @returns what each gave, round by round
 */
export const inRounds = async <Name extends string, Result>(count: number, contenders: Readonly<Record<Name, () => Promise<Result>>>): Promise<Record<Name, Result[]>> => {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round < count; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) results[name].push(await contenders[name]());
  }
  return results;
};
