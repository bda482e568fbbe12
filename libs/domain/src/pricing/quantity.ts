import { formatDecimal, plus, readDecimal, times, type Decimal } from '#libs/money';
import type { UsageRequest } from './usage.js';

/** An exact decimal beside its spelling, which is there already more often than not. */
export interface Quantity {
  readonly value: Decimal;
  readonly text: string;
}

export const quantity = (value: Decimal): Quantity => ({ value, text: formatDecimal(value) });

/** The meter that counts calls: one when a request does not say. */
export const REQUESTS = 'requests';

const ONE: Quantity = quantity(readDecimal('1'));

/** Reads how much of something a request used; undefined when it does not say. */
export type Count = (usage: UsageRequest['usage']) => Quantity | undefined;

const stated = (usage: UsageRequest['usage'], meter: string): Quantity | undefined => {
  const text = usage[meter];
  return text === undefined ? undefined : { value: readDecimal(text), text };
};

const requests = (usage: UsageRequest['usage']): Quantity => stated(usage, REQUESTS) ?? ONE;

const sum = (usage: UsageRequest['usage'], meters: readonly string[]): Quantity | undefined => {
  let total: Quantity | undefined;
  for (const meter of meters) {
    const more = stated(usage, meter);
    if (more) total = total ? quantity(plus(total.value, more.value)) : more;
  }
  return total;
};

/**
 * Counts the sum of some meters.
 * @param perRequest how much each request uses when usage states none of them (one image, a clip of 5 seconds)
 */
export const countOf = (meters: readonly string[], perRequest?: string): Count => {
  const [meter = REQUESTS] = meters;
  if (meter === REQUESTS) return requests;
  const count: Count = meters.length === 1 ? (usage) => stated(usage, meter) : (usage) => sum(usage, meters);
  if (perRequest === undefined) return count;
  const each = readDecimal(perRequest);
  return (usage) => count(usage) ?? quantity(times(each, requests(usage).value));
};
