import { z } from 'zod';
import { readDecimal, times } from '#libs/money';
import { defineKind } from '../component.js';
import { usageNameSchema } from '../names.js';
import { decimalSchema } from '../prices.js';
import { countOf, quantity } from '../quantity.js';

/** A meter at a share of another component's unit price: cached input at a tenth of input. */
export const ratio = defineKind({
  kind: 'ratio',
  schema: z.strictObject({
    kind: z.literal('ratio'),
    name: usageNameSchema.optional().describe('names the line of the breakdown; the meter when left out'),
    meter: usageNameSchema,
    of: usageNameSchema.describe('the name of a flat or per_unit component of this model'),
    ratio: decimalSchema.describe('0.1 is a tenth of its unit price'),
  }).describe('a meter at a share of another component\'s unit price'),
  compile: ({ meter, name = meter, of, ratio: share }, { billedAs, unitPriceOf }) => {
    const base = unitPriceOf(of);
    if (!base) throw new RangeError(`${name}: there is no flat or per_unit component named ${of} to be a ratio of`);
    const meters = billedAs(meter);
    const count = countOf(meters);
    const unitPrice = quantity(times(base.value, readDecimal(share)));
    return {
      name, meters,
      price: ({ usage }, bill) => {
        const used = count(usage);
        if (used) bill.add(name, used, unitPrice);
      },
    };
  },
});
