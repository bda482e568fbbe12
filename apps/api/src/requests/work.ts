import { z } from 'zod';
import { normaliseUsage, MAX_USAGE_NAMES, type Priceable, type SettleHold } from '#libs/domain';
import { amountField, closedObject, invalidRequest, textField } from '#libs/http';

/** What to charge for, as requests state it: usage to be priced, or a plain amount; and facts of the work. */

const MODEL = /^[a-zA-Z0-9][a-zA-Z0-9._:/@+-]{0,127}$/;
export const modelField = z.string().regex(MODEL, 'a model name of at most 128 characters of A-Z a-z 0-9 . _ : / @ + -')
  .meta({ description: 'As the rate card names it.', examples: ['claude-sonnet-4-6'] });

type Values = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);
const everyValue = (value: unknown, is: (member: unknown) => boolean): boolean => isObject(value) && Object.values(value).every(is);

const isQuantity = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
const isSimple = (value: unknown): boolean => isQuantity(value) || typeof value === 'boolean';

/** Only the shape: names, numbers and how many there may be are the domain's to say (`normaliseUsage`), and its errors carry the paths. */
export const usageField = z.custom<Record<string, string | number>>((value) => everyValue(value, isQuantity), 'an object of quantities by meter, each a whole JSON number or a decimal string')
  .superRefine((usage, context) => {
    if (!isObject(usage)) return;
    for (const [meter, quantity] of Object.entries(usage)) {
      // It has lost digits by the time we see it, so that it would be charged as another quantity.
      if (typeof quantity === 'number' && quantity > Number.MAX_SAFE_INTEGER) context.addIssue({ code: 'custom', path: [meter], message: 'too large for a JSON number; send it as a string' });
    }
  })
  .meta({
    type: 'object', maxProperties: MAX_USAGE_NAMES, additionalProperties: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] },
    description: 'Quantities by meter. Meters do not overlap: `input_tokens` are the uncached ones. `requests` is 1 when left out.', examples: [{ input_tokens: 4000, output_tokens: 900 }],
  });

export const parametersField = z.custom<Record<string, string | number | boolean>>((value) => everyValue(value, isSimple), 'an object of parameters by name, each text, a number, true or false')
  .meta({
    type: 'object', maxProperties: MAX_USAGE_NAMES, additionalProperties: { type: ['string', 'number', 'boolean'] },
    description: 'What else the price depends on.', examples: [{ resolution: '1080p', durationSeconds: 8 }],
  });

/** Of a hold, a charge or a settle. Either model and usage, or an amount. */
export const workFields = {
  model: modelField.optional(),
  usage: usageField.optional(),
  parameters: parametersField.optional(),
  amount: amountField.optional(),
};

const MAX_FACTS = 20;
const factKey = z.string().regex(/^[a-z][a-zA-Z0-9_]{0,63}$/, 'a name: a lower-case letter, then letters, digits and _; at most 64')
  .refine((name) => !(name in Object.prototype), 'not a name that can be used');
const factValue = z.union([textField(256), z.number(), z.boolean()], { error: 'text of at most 256 characters without control characters, a number, true or false' });

export const factsField = z.record(factKey, factValue).refine((facts) => Object.keys(facts).length <= MAX_FACTS, `at most ${MAX_FACTS} facts`)
  .meta({ description: 'Facts of the work for the usage log: `statusCode`, `latencyMs`, `group`, `provider`, `route`, …', examples: [{ statusCode: 200, latencyMs: 1240, group: 'chat' }] });

export const reasonField = textField(500).meta({ description: 'For people.', examples: ['upstream 502'] });

const workShape = closedObject(workFields);
type Work = z.output<typeof workShape>;

/** @throws invalid/invalid_request unless usage names its model; whether there is exactly one of usage and amount is the engine's to check */
export const priceableOf = ({ model, usage, parameters, amount }: Work): Priceable => {
  if (model !== undefined) return { request: normaliseUsage(model, usage ?? {}, parameters), amount };
  if (usage !== undefined) throw invalidRequest('model', 'needed with usage');
  if (parameters !== undefined) throw invalidRequest('parameters', 'go with model and usage');
  return { amount };
};

/** What a settle states; the model and the parameters default to the hold's. */
export const settledWork = ({ model, usage, parameters, amount }: Work): Pick<SettleHold, 'model' | 'usage' | 'parameters' | 'amount'> => {
  if (usage === undefined) {
    if (model !== undefined) throw invalidRequest('usage', 'needed with model');
    if (parameters !== undefined) throw invalidRequest('parameters', 'go with usage');
    return { amount };
  }
  const normal = normaliseUsage(model ?? '', usage, parameters);
  return { usage: normal.usage, amount, ...(model === undefined ? {} : { model }), ...(normal.parameters === undefined ? {} : { parameters: normal.parameters }) };
};
