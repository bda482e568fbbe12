import { formatAmount, type Amount } from './amount.js';
import { fromAmount, roundTo } from './decimal.js';

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

interface Pattern { readonly before: string; readonly after: string; readonly scale: number }
const patterns = new Map<Unit, Pattern>();

/** What stands around the digits of a currency: asked of Intl once, because formatting with it is slow on a hot path. */
const patternOf = (currency: string): Pattern => {
  let pattern = patterns.get(currency);
  if (!pattern) {
    const [before = '', after = ''] = formatter(currency).format(0).split(/[0-9][0-9.]*/);
    patterns.set(currency, (pattern = { before, after, scale: minorUnitScale(currency) }));
  }
  return pattern;
};

const grouped = (digits: string): string => digits.replace(/\B(?=(?:[0-9]{3})+$)/g, ',');

/** For people: `$19.90` (half away from zero), `1,234 credits`. No number is made of money. */
export const formatMoney = (amount: Amount, unit: Unit): string => {
  if (unit === 'credit') return `${formatter(unit).format(formatAmount(amount) as `${number}`)} ${amount === 1_000_000_000_000n ? 'credit' : 'credits'}`;
  const { before, after, scale } = patternOf(unit);
  const { digits } = roundTo(fromAmount(amount), scale, 'half_up');
  const all = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const point = all.length - scale;
  return `${digits < 0n ? '-' : ''}${before}${grouped(all.slice(0, point))}${scale > 0 ? `.${all.slice(point)}` : ''}${after}`;
};
