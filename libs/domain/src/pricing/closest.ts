const pairs = (text: string): Set<string> => {
  const padded = ` ${text.slice(0, 128).toLowerCase().replaceAll(/[^a-z0-9]/g, '')} `;
  return new Set(Array.from({ length: padded.length - 1 }, (_, at) => padded.slice(at, at + 2)));
};

/** Share of letter pairs two names have in common (Dice), from 0 to 1: cheap, and it forgives order, dots and dashes. */
const likeness = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  let common = 0;
  for (const pair of a) if (b.has(pair)) common += 1;
  return (2 * common) / (a.size + b.size);
};

/** The names most like one that does not exist, best first, at most `most`. */
export const closest = (wanted: string, names: Iterable<string>, most = 5): string[] => {
  const pairsWanted = pairs(wanted);
  return Array.from(names, (name) => ({ name, score: likeness(pairsWanted, pairs(name)) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ name }) => name);
};
