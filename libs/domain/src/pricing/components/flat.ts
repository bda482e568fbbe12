import { z } from 'zod';
import { readDecimal } from '#libs/money';
import { defineKind } from '../component.js';
import { usageNameSchema } from '../names.js';
import { decimalSchema } from '../prices.js';
import { countOf, quantity, REQUESTS } from '../quantity.js';

const count = countOf([REQUESTS]);

/** A fee for each request, whatever its size. */
export const flat = defineKind({
  kind: 'flat',
  schema: z.strictObject({
    kind: z.literal('flat'),
    name: usageNameSchema.optional().describe('names the line of the breakdown; "requests" when left out'),
    price: decimalSchema.describe('of one request'),
  }).describe('a fee for each request'),
  compile: ({ name = REQUESTS, price }) => {
    const unitPrice = quantity(readDecimal(price));
    return {
      name, meters: [REQUESTS], unitPrice,
      price: ({ usage }, bill) => {
        const requests = count(usage);
        if (requests) bill.add(name, requests, unitPrice);
      },
    };
  },
});
