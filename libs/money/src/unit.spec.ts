import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { formatAmount, parseAmount, readAmount } from './amount.js';
import { formatMoney, minorUnitScale } from './unit.js';

describe('money for people', () => {
  it.each([
    ['19.897616', 'USD', '$19.90'], ['19.895', 'USD', '$19.90'], ['19.894999999999', 'USD', '$19.89'], ['0', 'USD', '$0.00'],
    ['-3.5', 'USD', '-$3.50'], ['1234567.891', 'USD', '$1,234,567.89'], ['999999999999999999.994', 'USD', '$999,999,999,999,999,999.99'],
    ['1234', 'JPY', '¥1,234'], ['0.5', 'JPY', '¥1'], ['1', 'credit', '1 credit'], ['1234', 'credit', '1,234 credits'], ['0', 'credit', '0 credits'], ['0.5', 'credit', '0.5 credits'],
  ] as const)('shows %s %s as %s', (text, unit, expected) => expect(formatMoney(readAmount(text), unit)).toBe(expected));

  it('shows no minus before a zero', () => {
    expect(formatMoney(readAmount('-0.001'), 'USD')).toBe('$0.00');
  });

  it('knows the minor unit of a currency', () => {
    expect(['USD', 'JPY', 'KWD'].map(minorUnitScale)).toEqual([2, 0, 3]);
  });

  it('reads as Intl writes, for currencies of any scale', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'CHF'), (amount, currency) => {
      const intl = new Intl.NumberFormat('en-US', { style: 'currency', currency, signDisplay: 'negative' });
      expect(formatMoney(amount, currency)).toBe(intl.format(formatAmount(amount) as `${number}`));
    }));
  });

  it('rounds half away from zero, exactly, at any size', () => {
    fc.assert(fc.property(fc.bigInt(0n, 10n ** 18n - 1n), fc.stringMatching(/^[0-9]{1,12}$/), (whole, fraction) => {
      const shown = formatMoney(parseAmount(`${whole}.${fraction}`), 'USD').replaceAll(/[$,]/g, '');
      expect(shown).toBe(new (Decimal.clone({ precision: 60 }))(`${whole}.${fraction}`).toFixed(2, Decimal.ROUND_HALF_UP));
    }));
  });
});
