import { BillingError } from '#libs/kernel';
import { AMOUNT_SCALE, type Amount } from './amount.js';
import { plainDecimal } from './digits.js';

/** An exact decimal of any scale: `digits` × 10^-`scale`. Quantities and prices are these until the one rounding of a charge. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** `up` rounds any rest up (whole credits); `half_up` rounds half away from zero. */
export type Rounding = 'half_up' | 'up';

const PLAIN = /^(?:0|[1-9][0-9]{0,17})(?:\.([0-9]{1,18}))?$/;

export const ZERO: Decimal = { digits: 0n, scale: 0 };

/** @throws invalid/invalid_request unless `text` is a plain decimal of at most 18 digits before and after the point. */
export const parseDecimal = (text: string, path = 'quantity'): Decimal => {
  const match = PLAIN.exec(text);
  if (!match) {
    throw new BillingError('invalid', 'invalid_request', {
      detail: `${path}: a plain decimal of at most 18 digits before and after the point, without sign or exponent`,
      errors: [{ path, message: 'not a plain decimal' }],
    });
  }
  return readDecimal(text);
};

/** Reads a decimal we wrote ourselves; no checks. */
export const readDecimal = (text: string): Decimal => {
  const point = text.indexOf('.');
  return point < 0
    ? { digits: BigInt(text), scale: 0 }
    : { digits: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
};

const TENS: bigint[] = Array.from({ length: 64 }, (_, n) => 10n ** BigInt(n));
/** 10^n. */
export const ten = (n: number): bigint => TENS[n] ?? 10n ** BigInt(n);

export const times = (a: Decimal, b: Decimal): Decimal => ({ digits: a.digits * b.digits, scale: a.scale + b.scale });

export const plus = (a: Decimal, b: Decimal): Decimal =>
  a.scale === b.scale ? { digits: a.digits + b.digits, scale: a.scale }
  : a.scale > b.scale ? { digits: a.digits + b.digits * ten(a.scale - b.scale), scale: a.scale }
  : { digits: a.digits * ten(b.scale - a.scale) + b.digits, scale: b.scale };

/** Divides by 10^n: exact, which is why a price's `per` is a power of ten. */
export const shift = (a: Decimal, n: number): Decimal => ({ digits: a.digits, scale: a.scale + n });

export const compare = (a: Decimal, b: Decimal): number => {
  const difference = plus(a, { digits: -b.digits, scale: b.scale }).digits;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

/** Drops digits below `scale` by the given rule; the only rounding there is. */
export const roundTo = (a: Decimal, scale: number, rounding: Rounding): Decimal => {
  if (a.scale <= scale) return a;
  const unit = ten(a.scale - scale);
  const quotient = a.digits / unit;
  const rest = a.digits % unit;
  if (rest === 0n) return { digits: quotient, scale };
  const size = rest < 0n ? -rest : rest;
  const away = rounding === 'up' ? true : size * 2n >= unit;
  return { digits: away ? quotient + (a.digits < 0n ? -1n : 1n) : quotient, scale };
};

/** A decimal of at most {@link AMOUNT_SCALE} digits as an amount. Round first: digits beyond are an error of ours. */
export const toAmount = (a: Decimal): Amount => {
  if (a.scale <= AMOUNT_SCALE) return a.digits * ten(AMOUNT_SCALE - a.scale);
  const unit = ten(a.scale - AMOUNT_SCALE);
  if (a.digits % unit !== 0n) throw new RangeError('not rounded to an amount');
  return a.digits / unit;
};

export const fromAmount = (amount: Amount): Decimal => ({ digits: amount, scale: AMOUNT_SCALE });

/** Writes a decimal without trailing zeros. */
export const formatDecimal = ({ digits, scale }: Decimal): string => plainDecimal(digits, scale);
