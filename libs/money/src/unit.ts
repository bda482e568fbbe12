import { formatAmount, type Amount } from './amount.js';

/** What an account counts in: an ISO 4217 currency (`USD`) or `credit`. */
export type Unit = string;

const formatters = new Map<Unit, Intl.NumberFormat>();

// 'negative' shows no minus before what rounds to zero.
const formatOf = (unit: Unit): Intl.NumberFormat => (unit === 'credit'
  ? new Intl.NumberFormat('en-US', { maximumFractionDigits: 12, signDisplay: 'negative' })
  : new Intl.NumberFormat('en-US', { style: 'currency', currency: unit, signDisplay: 'negative' }));

/** Made once a unit: making one costs far more than using it. */
const formatter = (unit: Unit): Intl.NumberFormat => {
  let format = formatters.get(unit);
  if (!format) formatters.set(unit, (format = formatOf(unit)));
  return format;
};

/** Digits after the point of a currency's minor unit: 2 for USD, 0 for JPY. */
export const minorUnitScale = (currency: string): number =>
  formatter(currency).resolvedOptions().maximumFractionDigits ?? 2;

/** For people: `$19.90` (half away from zero), `1,234 credits`. Intl reads decimal strings exactly, no number is made. */
export const formatMoney = (amount: Amount, unit: Unit): string => {
  const text = formatter(unit).format(formatAmount(amount) as `${number}`);
  if (unit !== 'credit') return text;
  return `${text} ${amount === 1_000_000_000_000n ? 'credit' : 'credits'}`;
};
