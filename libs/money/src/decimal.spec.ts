import { Decimal as Oracle } from 'decimal.js';
import * as fc from 'fast-check';
import {
  compare, formatDecimal, fromAmount, parseDecimal, plus, readDecimal, roundTo, shift, ten, times, toAmount, type Decimal,
} from './decimal.js';

const Exact = Oracle.clone({ precision: 200, toExpNeg: -1_000, toExpPos: 1_000 });

/** Plain decimals as people write them, trailing zeros and all. */
const plain = fc.tuple(fc.bigInt(0n, 10n ** 18n - 1n), fc.option(fc.stringMatching(/^[0-9]{1,18}$/), { nil: undefined }))
  .map(([whole, fraction]) => (fraction === undefined ? `${whole}` : `${whole}.${fraction}`));
const signed = fc.tuple(fc.boolean(), plain).map(([negative, text]) => (negative ? `-${text}` : text));

const oracleOf = ({ digits, scale }: Decimal): Oracle => new Exact(digits.toString()).div(new Exact(10).pow(scale));
const same = (actual: Decimal, expected: Oracle): void => {
  expect(formatDecimal(actual)).toBe(expected.isZero() ? '0' : expected.toFixed());
};

describe('exact decimals, against decimal.js', () => {
  it('writes what it reads, without trailing zeros', () => {
    fc.assert(fc.property(signed, (text) => same(readDecimal(text), new Exact(text))));
  });

  it('parses what a caller may write to the same value', () => {
    fc.assert(fc.property(plain, (text) => expect(parseDecimal(text)).toEqual(readDecimal(text))));
  });

  it('multiplies, adds and shifts', () => {
    fc.assert(fc.property(signed, signed, fc.nat(30), (a, b, n) => {
      same(times(readDecimal(a), readDecimal(b)), new Exact(a).times(b));
      same(plus(readDecimal(a), readDecimal(b)), new Exact(a).plus(b));
      same(shift(readDecimal(a), n), new Exact(a).div(new Exact(10).pow(n)));
    }));
  });

  it('compares', () => {
    fc.assert(fc.property(signed, signed, (a, b) => {
      expect(compare(readDecimal(a), readDecimal(b))).toBe(new Exact(a).cmp(b));
      expect(compare(readDecimal(a), readDecimal(`${a}${a.includes('.') ? '000' : '.000'}`))).toBe(0);
    }));
  });

  it('rounds half away from zero, or any rest away from zero', () => {
    fc.assert(fc.property(signed, fc.nat(18), (text, scale) => {
      same(roundTo(readDecimal(text), scale, 'half_up'), new Exact(text).toDecimalPlaces(scale, Exact.ROUND_HALF_UP));
      same(roundTo(readDecimal(text), scale, 'up'), new Exact(text).toDecimalPlaces(scale, Exact.ROUND_UP));
    }));
  });

  it.each([
    ['0.5', 0, 'half_up', '1'], ['0.4999999999', 0, 'half_up', '0'], ['-0.5', 0, 'half_up', '-1'], ['1.005', 2, 'half_up', '1.01'],
    ['0.000000000001', 0, 'up', '1'], ['2', 0, 'up', '2'], ['2.000', 0, 'up', '2'], ['14.95', 1, 'half_up', '15'],
  ] as const)('rounds %s to %i digits (%s) as %s', (text, scale, rounding, expected) => {
    expect(formatDecimal(roundTo(readDecimal(text), scale, rounding))).toBe(expected);
  });

  it('becomes an amount and back without a change', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), (amount) => {
      expect(toAmount(fromAmount(amount))).toBe(amount);
      same(fromAmount(amount), oracleOf({ digits: amount, scale: 12 }));
    }));
  });

  it('makes an amount of a longer decimal only when it was rounded', () => {
    expect(toAmount({ digits: 15_000n, scale: 15 })).toBe(15n);
    expect(() => toAmount({ digits: 15_001n, scale: 15 })).toThrow(RangeError);
  });

  it.each(['', '-1', '+1', '01', '1.', '.5', '1e3', '1,000', ' 1', '1 ', '0x10', 'NaN', '1'.repeat(19), `0.${'1'.repeat(19)}`, '1\n', '１'])(
    'takes %j for no decimal', (text) => {
      expect(() => parseDecimal(text)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'invalid_request' }));
    },
  );

  it('knows powers of ten beyond its table', () => {
    expect([ten(0), ten(63), ten(64), ten(100)]).toEqual([1n, 10n ** 63n, 10n ** 64n, 10n ** 100n]);
  });
});
