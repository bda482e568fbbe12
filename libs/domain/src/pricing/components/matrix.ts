import { z } from 'zod';
import { readDecimal } from '#libs/money';
import { defineKind } from '../component.js';
import { usageNameSchema } from '../names.js';
import { decimalSchema, positiveDecimalSchema } from '../prices.js';
import { countOf, quantity, type Quantity } from '../quantity.js';
import { noCell } from '../refusals.js';
import { PARAMETER_TEXT, parameterText, type UsageRequest } from '../usage.js';

type Values = Readonly<Record<string, string>>;

const value = z.string().regex(PARAMETER_TEXT, { abort: true }).overwrite((text) => parameterText(text, 'when'));
const values = z.record(usageNameSchema, value);

// No value holds a control character, so no two rows of values share a key.
const keyOf = (by: readonly string[], row: Values, defaults: Values = {}): string => by.map((name) => row[name] ?? defaults[name]).join('\u0000');

const schema = z.strictObject({
  kind: z.literal('matrix'),
  name: usageNameSchema.optional().describe('names the line of the breakdown; the meter when left out'),
  meter: usageNameSchema.describe('what the price found is multiplied with'),
  by: z.array(usageNameSchema).min(1).max(4).describe('the parameters that pick a cell'),
  cells: z.array(z.strictObject({ when: values.describe('a value for each parameter'), price: decimalSchema.describe('of one unit of the meter') })).min(1).max(500),
  defaults: values.optional().describe('values of parameters that a request leaves out'),
  perRequest: positiveDecimalSchema.optional().describe('what each request uses when usage leaves the meter out'),
}).superRefine(({ by, cells, defaults = {} }, context) => {
  const keys = new Set<string>();
  cells.forEach(({ when }, at) => {
    const key = keyOf(by, when);
    if (Object.keys(when).length !== by.length || by.some((name) => when[name] === undefined)) {
      context.addIssue({ code: 'custom', path: ['cells', at, 'when'], message: `exactly ${by.join(', ')}` });
    } else if (keys.has(key)) context.addIssue({ code: 'custom', path: ['cells', at, 'when'], message: 'stands twice' });
    keys.add(key);
  });
  for (const [name, text] of Object.entries(defaults)) {
    if (!by.includes(name) || !cells.some(({ when }) => when[name] === text)) {
      context.addIssue({ code: 'custom', path: ['defaults', name], message: 'no cell has this value' });
    }
  }
}).describe('a price picked by parameters, for each unit of a meter');

/** The values each parameter may have, in the order of the cells. */
const valuesOf = (by: readonly string[], cells: readonly { readonly when: Values }[]): ReadonlyMap<string, readonly string[]> =>
  new Map(by.map((name) => [name, [...new Set(cells.map(({ when }) => when[name] as string))]]));

/** A price looked up by parameters (resolution, duration, quality), times a quantity. */
export const matrix = defineKind({
  kind: 'matrix',
  schema,
  compile: ({ meter, name = meter, by, cells, defaults = {}, perRequest }, { model, billedAs }) => {
    const meters = billedAs(meter);
    const count = countOf(meters, perRequest);
    const parameters = valuesOf(by, cells);
    const prices = new Map<string, Quantity>(cells.map(({ when, price }) => [keyOf(by, when), quantity(readDecimal(price))]));
    return {
      name, meters, parameters,
      price: ({ usage, parameters: stated = {} }: UsageRequest, bill) => {
        const used = count(usage);
        if (!used) return;
        const unitPrice = prices.get(keyOf(by, stated, defaults));
        if (!unitPrice) throw noCell(model, stated, { parameters, defaults, cells: cells.map(({ when }) => when) });
        bill.add(name, used, unitPrice);
      },
    };
  },
});
