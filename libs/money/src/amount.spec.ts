import { Decimal as Oracle } from 'decimal.js';
import * as fc from 'fast-check';
import { formatAmount, least, parseAmount, readAmount, sum } from './amount.js';

const Exact = Oracle.clone({ precision: 200, toExpNeg: -1_000, toExpPos: 1_000 });

const plain = (digits: number) => fc.tuple(fc.bigInt(0n, 10n ** 18n - 1n), fc.option(fc.stringMatching(new RegExp(`^[0-9]{1,${digits}}$`)), { nil: undefined }))
  .map(([whole, fraction]) => (fraction === undefined ? `${whole}` : `${whole}.${fraction}`));
const amount = fc.bigInt(-(10n ** 31n), 10n ** 31n);

describe('amounts, against decimal.js', () => {
  it('counts units of 10^-12', () => {
    fc.assert(fc.property(plain(12), (text) => expect(parseAmount(text).toString()).toBe(new Exact(text).times('1e12').toFixed())));
  });

  it('writes plain decimals without trailing zeros, and reads them back', () => {
    fc.assert(fc.property(amount, (value) => {
      const text = formatAmount(value);
      expect(text).toBe(new Exact(value.toString()).div('1e12').toFixed().replace(/^-0$/, '0'));
      expect(readAmount(text)).toBe(value);
    }));
  });

  it('reads what it wrote to the same amount, however many zeros a caller adds', () => {
    fc.assert(fc.property(plain(6), fc.nat(6), (text, zeros) => {
      const longer = text.includes('.') ? text + '0'.repeat(zeros) : text;
      expect(parseAmount(longer)).toBe(parseAmount(text));
    }));
  });

  it('adds up, and finds the least', () => {
    fc.assert(fc.property(fc.array(amount), (values) => {
      const total = values.reduce((so, value) => so.plus(value.toString()), new Exact(0));
      expect(sum(values).toString()).toBe(total.toFixed().replace(/^-0$/, '0'));
    }));
    fc.assert(fc.property(amount, amount, (a, b) => expect(least(a, b)).toBe(a < b ? a : b)));
  });

  it.each([['4', 0], ['4.000', 0], ['0.5', 1], ['0.50', 1], ['0.000000000001', 12], ['999999999999999999.999999999999', 12]] as const)(
    'takes %s where %i digits after the point are allowed', (text, scale) => {
      expect(formatAmount(parseAmount(text, scale))).toBe(new Exact(text).toFixed());
    },
  );

  it.each([['4.5', 0], ['0.55', 1], ['0.0000000000001', 12], ['1000000000000000000', 12], ['-1', 12], ['1e3', 12], ['01', 12], ['', 12], ['.5', 12], ['5.', 12], ['NaN', 12], [' 1', 12], ['1\n', 12]] as const)(
    'refuses %j where %i digits after the point are allowed, naming the path', (text, scale) => {
      expect(() => parseAmount(text, scale, 'paid.amount')).toThrow(expect.objectContaining({
        kind: 'invalid', code: 'invalid_request', facts: expect.objectContaining({ errors: [expect.objectContaining({ path: 'paid.amount' })] }),
      }));
    },
  );
});
