import { z } from 'zod';
import type { Component, ModelContext } from './component.js';
import { compileComponent, componentSchema, type PriceComponent } from './components/index.js';
import { groupNameSchema, modelNameSchema, usageNameSchema } from './names.js';
import { REQUESTS } from './quantity.js';
import type { Allowed } from './refusals.js';

const CACHED = 'cached_input_tokens';
const INPUT = 'input_tokens';

const shape = z.strictObject({
  model: modelNameSchema,
  aliases: z.array(modelNameSchema).max(10).optional().describe('other names that are priced the same'),
  group: groupNameSchema.optional(),
  components: z.array(componentSchema).min(1).max(16).describe('the price is their sum'),
  informational: z.strictObject({
    meters: z.array(usageNameSchema).max(32).optional(),
    parameters: z.array(usageNameSchema).max(32).optional(),
  }).optional().describe('meters and parameters recorded without a bearing on the price'),
  assumed: z.string().max(500).optional().describe('what of this price its source leaves open, and how it was read'),
});

/** What a model costs, as a rate card writes it. */
export type ModelPrice = z.output<typeof shape>;

/** A model made ready to price with. */
export interface PricedModel extends Allowed {
  readonly source: ModelPrice;
  readonly group: string | undefined;
  readonly components: readonly Component[];
  /** Meters a request may state. */
  readonly meters: ReadonlySet<string>;
  /** Parameters a request may state. */
  readonly parameters: ReadonlySet<string>;
}

const nameOf = (component: PriceComponent): string => component.name ?? ('meter' in component ? component.meter : REQUESTS);

/** @throws RangeError when its components do not fit together; a {@link modelSchema} has seen to it */
export const compileModel = (source: ModelPrice): PricedModel => {
  const { model: name, group, components: sources, informational = {} } = source;
  const informationalMeters = informational.meters ?? [];
  const metersNamed = new Set([...sources.flatMap((component) => ('meter' in component ? component.meter : [])), ...informationalMeters]);
  const context: ModelContext = {
    model: name,
    billedAs: (meter) => (meter === INPUT && !metersNamed.has(CACHED) ? [INPUT, CACHED] : [meter]),
    unitPriceOf: (wanted) => {
      const found = sources.find((component) => nameOf(component) === wanted);
      return found && found.kind !== 'ratio' ? compileComponent(found, context).unitPrice : undefined;
    },
  };
  const components = sources.map((component) => compileComponent(component, context));
  if (new Set(components.map((component) => component.name)).size < components.length) throw new RangeError('two components have one name');
  const pricedMeters = [...new Set(components.flatMap(({ meters }) => meters))];
  const pricedParameters = mergeValues(components);
  const informationalParameters = informational.parameters ?? [];
  return {
    name, source, group, components, pricedMeters, informationalMeters, pricedParameters, informationalParameters,
    meters: new Set([...pricedMeters, ...informationalMeters, REQUESTS]),
    parameters: new Set([...pricedParameters.keys(), ...informationalParameters]),
  };
};

/** Two matrices may look at one parameter. */
const mergeValues = (components: readonly Component[]): ReadonlyMap<string, readonly string[]> => {
  const merged = new Map<string, readonly string[]>();
  for (const { parameters = new Map<string, string[]>() } of components) {
    for (const [name, values] of parameters) merged.set(name, [...new Set([...(merged.get(name) ?? []), ...values])]);
  }
  return merged;
};

export const modelSchema = shape.superRefine((model, context) => {
  try {
    compileModel(model);
  } catch (error) {
    context.addIssue({ code: 'custom', path: ['components'], message: (error as Error).message });
  }
});

const nameTwice = (models: readonly ModelPrice[]): { at: number; name: string } | undefined => {
  const seen = new Set<string>();
  for (const [at, { model, aliases = [] }] of models.entries()) {
    for (const name of [model, ...aliases]) {
      if (seen.has(name)) return { at, name };
      seen.add(name);
    }
  }
  return undefined;
};

/** All prices of one version of a rate card. */
export const modelsSchema = z.array(modelSchema).min(1).max(2_000).superRefine((models, context) => {
  const twice = nameTwice(models);
  if (twice) context.addIssue({ code: 'custom', path: [twice.at, 'model'], message: `${twice.name} stands twice` });
}).describe('the prices, in the order they are shown');
