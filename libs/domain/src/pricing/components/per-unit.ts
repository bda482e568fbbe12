import { z } from 'zod';
import { compare, readDecimal, shift, ten, type Decimal } from '#libs/money';
import { defineKind } from '../component.js';
import { usageNameSchema } from '../names.js';
import { decimalSchema, positiveDecimalSchema } from '../prices.js';
import { countOf, quantity, type Quantity } from '../quantity.js';

const POWERS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000] as const;

/** Rounds up to a whole number of increments: a minute started counts. */
const roundUpTo = (value: Decimal, increment: Decimal): Decimal => {
  const scale = Math.max(value.scale, increment.scale);
  const step = increment.digits * ten(scale - increment.scale);
  const digits = value.digits * ten(scale - value.scale);
  return { digits: ((digits + step - 1n) / step) * step, scale };
};

/** What is billed of what was used. Nothing used is nothing billed: a minimum is the least that any use costs. */
const billing = (increment: Decimal | undefined, minimum: Decimal | undefined) => (used: Quantity): Quantity => {
  if (used.value.digits === 0n) return used;
  const whole = increment ? roundUpTo(used.value, increment) : used.value;
  const billed = minimum && compare(whole, minimum) < 0 ? minimum : whole;
  return billed === used.value ? used : quantity(billed);
};

const decimal = (text: string | undefined): Decimal | undefined => (text === undefined ? undefined : readDecimal(text));

/** A price for each unit of a meter. */
export const perUnit = defineKind({
  kind: 'per_unit',
  schema: z.strictObject({
    kind: z.literal('per_unit'),
    name: usageNameSchema.optional().describe('names the line of the breakdown; the meter when left out'),
    meter: usageNameSchema,
    price: decimalSchema.describe('of `per` units'),
    per: z.literal(POWERS).default(1).describe('a power of ten, so that the price of one unit is an exact decimal'),
    increment: positiveDecimalSchema.optional().describe('quantities are rounded up to a whole number of these'),
    minimum: positiveDecimalSchema.optional().describe('the least that any use is billed'),
    perRequest: positiveDecimalSchema.optional().describe('what each request uses when usage leaves the meter out'),
  }).describe('a price for each unit of a meter'),
  compile: ({ meter, name = meter, price, per, increment, minimum, perRequest }, { billedAs }) => {
    const meters = billedAs(meter);
    const unitPrice = quantity(shift(readDecimal(price), POWERS.indexOf(per)));
    const count = countOf(meters, perRequest);
    const billed = increment === undefined && minimum === undefined ? undefined : billing(decimal(increment), decimal(minimum));
    return {
      name, meters, unitPrice,
      price: ({ usage }, bill) => {
        const used = count(usage);
        if (used) bill.add(name, billed ? billed(used) : used, unitPrice);
      },
    };
  },
});
