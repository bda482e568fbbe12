import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEM_CODES } from '../../libs/http/src/problem-codes.js';

const sourcesUnder = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !/(^|\/)testing\//.test(name)).map((name) => join(folder, name));

const refusals = ['libs', 'apps'].flatMap(sourcesUnder)
  .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/new BillingError\(\s*'(\w+)', '(\w+)'/g)].map(([, kind, code]) => ({ file, kind, code })));

/** Such a log lets no engine start: nobody is there to answer. */
const NEVER_ANSWERED = ['log_unusable'];

describe('what is refused', () => {
  it('is found in the source', () => expect(refusals.length).toBeGreaterThan(20));

  it('has a code that callers can look up, of its kind', () => {
    const codes: Readonly<Record<string, readonly [string | number, string]>> = PROBLEM_CODES;
    expect(refusals.filter(({ kind, code = '' }) => !NEVER_ANSWERED.includes(code) && codes[code]?.[0] !== kind)).toEqual([]);
  });
});
