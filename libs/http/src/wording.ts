import type { z } from 'zod';

/** What is allowed, in the words of this API rather than of the library that checks it. */

const KINDS: Readonly<Record<string, string>> = {
  string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list', object: 'an object', record: 'an object', null: 'null',
};

const COUNTED: Readonly<Record<string, string>> = { string: 'character', array: 'item' };

/** `1 character`, `3 items`; a number has no unit. */
const counted = (bound: number | bigint, origin: string): string => {
  const unit = COUNTED[origin];
  return unit === undefined ? String(bound) : `${bound} ${unit}${Number(bound) === 1 ? '' : 's'}`;
};

const oneOf = (values: readonly unknown[]): string => (values.length === 1 ? `only ${JSON.stringify(values[0])}` : `one of ${values.map(String).join(', ')}`);

/** For what a schema has no words of its own. What is missing is said to be missing, not to be of the wrong type. */
export const inOurWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': return issue.input === undefined ? 'required' : KINDS[issue.expected] ?? 'of another type';
    case 'invalid_value': return issue.input === undefined ? 'required' : oneOf(issue.values);
    case 'invalid_union': return issue.input === undefined ? 'required' : Array.isArray(issue.options) ? oneOf(issue.options) : 'in none of the forms known here';
    case 'too_small': return `${issue.inclusive === false ? 'more than' : 'at least'} ${counted(issue.minimum, issue.origin)}`;
    case 'too_big': return `${issue.inclusive === false ? 'less than' : 'at most'} ${counted(issue.maximum, issue.origin)}`;
    case 'invalid_format': return issue.pattern === undefined ? 'in another form' : `text that matches ${issue.pattern}`;
    case 'unrecognized_keys': return 'not known here';
    case 'not_multiple_of': return `a multiple of ${issue.divisor}`;
    case 'invalid_key': case 'invalid_element': case 'custom': default: return 'not allowed here';
  }
};
