import * as fc from 'fast-check';
import { canonicalJson, fingerprint } from './canonical-json.js';

const json = fc.jsonValue({ maxDepth: 4 });
/** The same value, its keys put in by another order. */
const reordered = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(reordered)
  : typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).toReversed().map(([key, member]) => [key, reordered(member)]))
  : value;

describe('canonical JSON', () => {
  it('means the same as JSON', () => {
    fc.assert(fc.property(json, (value) => expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))));
  });

  it('does not depend on the order of keys', () => {
    fc.assert(fc.property(json, (value) => expect(canonicalJson(reordered(value))).toBe(canonicalJson(value))));
  });

  it('leaves out what is undefined, as JSON does', () => {
    expect(canonicalJson({ b: undefined, a: [1, { c: undefined }] })).toBe('{"a":[1,{}]}');
  });
});

describe('a fingerprint', () => {
  it('is 22 characters that tell contents apart', () => {
    fc.assert(fc.property(json, json, (a, b) => {
      expect(fingerprint(a)).toMatch(/^[\w-]{22}$/);
      expect(fingerprint(a) === fingerprint(b)).toBe(canonicalJson(a) === canonicalJson(b));
    }));
  });
});
