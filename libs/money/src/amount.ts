import { BillingError } from '#libs/kernel';
import { plainDecimal } from './digits.js';

/**
 * Money or credit, exact: a bigint counting units of 10^-12 of the account's unit. Every amount in the engine has
 * this one scale, so adding two never aligns digits; what a unit allows (USD 12 digits, whole credits none) is checked
 * where an amount enters. On the wire, in events and in SQL an amount is a decimal string.
 */
export type Amount = bigint;

/** Digits after the point an {@link Amount} holds, and so the largest scale a unit may have. */
export const AMOUNT_SCALE = 12;

/** Digits before the point an amount may have; far above any balance, it bounds what a caller can make us store. */
export const MAX_INTEGER_DIGITS = 18;

const PLAIN = /^(?:0|[1-9][0-9]{0,17})(?:\.([0-9]{1,12}))?$/;
const ZEROS = '000000000000';

/**
 * Reads a plain decimal (no sign, no exponent, no leading zeros).
 * @param scale digits after the point the unit allows; zeros beyond it are allowed too, they change nothing
 * @throws invalid/invalid_request saying what is allowed
 */
export const parseAmount = (text: string, scale: number = AMOUNT_SCALE, path = 'amount'): Amount => {
  const match = PLAIN.exec(text);
  const fraction = match?.[1] ?? '';
  if (!match || /[1-9]/.test(fraction.slice(scale))) {
    throw new BillingError('invalid', 'invalid_request', {
      detail: `${path}: a plain decimal string of at most ${MAX_INTEGER_DIGITS} digits${scale > 0 ? ` and ${scale} after the point` : ', whole'}, without sign or exponent`,
      errors: [{ path, message: `not a plain decimal with at most ${scale} digits after the point` }],
    });
  }
  return readAmount(text);
};

/** Reads an amount we wrote ourselves (an event, a snapshot, a row): no checks, sign allowed. */
export const readAmount = (text: string): Amount => {
  const point = text.indexOf('.');
  if (point < 0) return BigInt(text) * 1_000_000_000_000n;
  const fraction = text.length - point - 1;
  return BigInt(text.slice(0, point) + text.slice(point + 1) + ZEROS.slice(fraction));
};

/** Writes an amount as a plain decimal without trailing zeros: `0.037665`, `-3`, `0`. */
export const formatAmount = (amount: Amount): string => plainDecimal(amount, AMOUNT_SCALE);

export const least = (a: Amount, b: Amount): Amount => (a < b ? a : b);

export const sum = (amounts: Iterable<Amount>): Amount => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};
