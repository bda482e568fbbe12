import { formatAmount, type Amount } from './amount.js';

/** What an account counts in: an ISO 4217 currency (`USD`) or `credit`. */
export type Unit = string;

const formatters = new Map<string, Intl.NumberFormat>();
const currencyFormat = (currency: string): Intl.NumberFormat => {
  let format = formatters.get(currency);
  if (!format) formatters.set(currency, (format = new Intl.NumberFormat('en-US', { style: 'currency', currency })));
  return format;
};

/** Digits after the point of a currency's minor unit: 2 for USD, 0 for JPY. */
export const minorUnitScale = (currency: string): number =>
  currencyFormat(currency).resolvedOptions().maximumFractionDigits ?? 2;

/** For people: `$19.90` (half away from zero), `1,234 credits`. Intl reads decimal strings exactly, no number is made. */
export const formatMoney = (amount: Amount, unit: Unit): string => {
  const text = formatAmount(amount) as `${number}`;
  if (unit !== 'credit') return currencyFormat(unit).format(text);
  const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 12 }).format(text);
  return `${grouped} ${amount === 1_000_000_000_000n ? 'credit' : 'credits'}`;
};
