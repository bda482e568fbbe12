import { z } from 'zod';
import { defineEvent, type EventDefinition, type EventOf, type Instant } from '#libs/kernel';
import { modelsSchema } from '../pricing/index.js';
import { identitySchema, termsSchema } from './schema.js';

export const CatalogImported = defineEvent('CatalogImported', {
  summary: 'A catalog exists from here on; its unit, currency, scale and rounding never change. Its first rate card follows as an event of its own.',
  data: z.strictObject({ ...identitySchema.shape, ...termsSchema.shape }),
});

export const CatalogChanged = defineEvent('CatalogChanged', {
  summary: 'Packs, tiers, thresholds, bonuses or policies were replaced by these. Prices of usage are not among them.',
  data: termsSchema,
});

export const RateCardPublished = defineEvent('RateCardPublished', {
  summary: 'A version of the prices, whole; immutable. It prices what occurs from `effectiveFrom` on, until a version with a later one.',
  data: z.strictObject({
    version: z.int().min(1),
    effectiveFrom: z.string().nullable().describe('instant, UTC; null for the first version: since for ever'),
    id: z.string().nullable().describe('under which it was published, to tell a repeat; null for the first version'),
    fingerprint: z.string().describe('of the models'),
    models: modelsSchema,
  }),
});

const catalogEvents = [CatalogImported, CatalogChanged, RateCardPublished] as const;

/** What happened to a catalog. */
export type CatalogEvent = EventOf<(typeof catalogEvents)[number]>;

/** A catalog event with the instant it was decided. */
export type CatalogFact = CatalogEvent & { readonly recordedAt: Instant };

export const catalogEventDefinitions: ReadonlyMap<string, EventDefinition> =
  new Map(catalogEvents.map((definition) => [definition.type, definition as EventDefinition]));

export const catalogStream = (name: string): string => `catalog-${name}`;
