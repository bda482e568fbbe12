import { Failure } from '#libs/process';

/** The first thing that is not as the log says it must be. */
export class Difference extends Failure {
  constructor(where: string, expected: string, found: string) {
    super(`${where}: expected ${short(expected)}, found ${short(found)}`);
    this.name = 'Difference';
  }
}

/** Enough to recognise it by; bodies can be long. */
const short = (text: string): string => (text.length <= 300 ? text : `${text.slice(0, 300)}…`);

/** Where an event stands, in the words that reports use. */
export const at = (stream: string, revision: number): string => `${stream} revision ${revision}`;

/** @throws Difference unless the two are the same text */
export const same = (where: string, expected: string, found: string): void => {
  if (expected !== found) throw new Difference(where, expected, found);
};

export const plainMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));
