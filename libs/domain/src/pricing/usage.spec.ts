import * as fc from 'fast-check';
import { fingerprint } from '#libs/kernel';
import { MAX_USAGE_NAMES, normaliseUsage } from './usage.js';

const refused = (path: string): Error => expect.objectContaining({
  kind: 'invalid', code: 'invalid_request', facts: expect.objectContaining({ errors: [expect.objectContaining({ path })] }),
});

describe('normalising usage', () => {
  it('has one spelling for a quantity and for a numeric parameter', () => {
    const eight = { model: 'm', usage: { seconds: '8' }, parameters: { durationSeconds: '8' } };
    for (const spelling of [8, '8', '8.0', '8.000']) {
      expect(normaliseUsage('m', { seconds: spelling }, { durationSeconds: spelling })).toEqual(eight);
    }
  });

  it.each([['0', '0'], ['0.0', '0'], [0, '0'], ['0.50', '0.5'], ['120', '120'], [9_007_199_254_740_991, '9007199254740991'], ['999999999999999999.123456789012345678', '999999999999999999.123456789012345678']])(
    'spells the quantity %j as %j', (value, text) => expect(normaliseUsage('m', { seconds: value }).usage).toEqual({ seconds: text }),
  );

  it.each([['16:9', '16:9'], ['4K', '4K'], [true, 'true'], [false, 'false'], [1.5, '1.5'], ['1.50', '1.5'], [-1, '-1'], ['-1.0', '-1'], ['-0', '0'], ['007', '007'], ['日本', '日本']])(
    'spells the parameter %j as %j', (value, text) => expect(normaliseUsage('m', {}, { style: value }).parameters).toEqual({ style: text }),
  );

  it.each([-1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '-1', '+1', '1e3', '01', '', ' 1', '1\n', 'many', '1'.repeat(19)])(
    'takes %j for no quantity', (value) => expect(() => normaliseUsage('m', { seconds: value })).toThrow(refused('usage.seconds')),
  );

  it.each([1e21, 1e-7, Number.NaN, '', 'a\u0000b', 'a\nb', '\ud800', 'x'.repeat(129)])(
    'takes %j for no parameter', (value) => expect(() => normaliseUsage('m', {}, { style: value })).toThrow(refused('parameters.style')),
  );

  it.each(['1', '42', '', 'Upper', 'with-dash', '__proto__', 'constructor', 'toString', 'x'.repeat(65)])('takes %j for no name', (name) => {
    const named = JSON.parse(`{${JSON.stringify(name)}:1}`) as Record<string, number>;
    expect(() => normaliseUsage('m', named)).toThrow(refused('usage'));
    expect(() => normaliseUsage('m', {}, named)).toThrow(refused('parameters'));
  });

  it('is bounded', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, at]));
    expect(Object.keys(normaliseUsage('m', many(MAX_USAGE_NAMES)).usage)).toHaveLength(MAX_USAGE_NAMES);
    expect(() => normaliseUsage('m', many(MAX_USAGE_NAMES + 1))).toThrow(refused('usage'));
  });

  it('has one content for no parameters, however they are left out', () => {
    const contents = [normaliseUsage('m', { images: 1 }), normaliseUsage('m', { images: 1 }, {}), normaliseUsage('m', { images: 1 }, undefined)];
    expect(new Set(contents.map(fingerprint)).size).toBe(1);
  });

  it('leaves what is normal as it is', () => {
    const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,10}$/).filter((text) => !(text in {}));
    const decimal = fc.stringMatching(/^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$/);
    const parameter = fc.oneof(decimal, fc.stringMatching(/^[ -~]{1,20}$/), fc.boolean(), fc.integer());
    fc.assert(fc.property(fc.dictionary(name, fc.oneof(decimal, fc.maxSafeNat())), fc.dictionary(name, parameter), (usage, parameters) => {
      const once = normaliseUsage('m', usage, parameters);
      expect(normaliseUsage('m', once.usage, once.parameters)).toEqual(once);
    }));
  });
});
