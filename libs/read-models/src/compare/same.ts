import type { Field } from '../database/copy.js';

/** As PostgreSQL writes an instant, in UTC. */
const TIMESTAMP = /^(\d+)-(\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?\+00( BC)?$/;
const instantIn = (text: string): string | undefined => {
  const [, year, day, time, fraction = '', bc] = TIMESTAMP.exec(text) ?? [];
  return year === undefined ? undefined : `${year}-${day}T${time}.${fraction.padEnd(3, '0')}Z${bc ?? ''}`;
};

/** Whether a column holds what was written into it; `found` is its text, null for none. */
export const isSame = (expected: Field, found: string | null): boolean => {
  if (expected === null || expected === undefined) return found === null;
  if (found === null) return false;
  if (typeof expected === 'boolean') return found === (expected ? 't' : 'f');
  if (typeof expected === 'number') return Number(found) === expected;
  return found === expected || found === expected.replaceAll('\0', '\uFFFD') || instantIn(found) === expected;
};
