import { z } from 'zod';
import { catalogNameSchema, catalogSchema, rateCardSchema } from '#libs/domain';
import { closedObject, defineOperation, idField, instantField } from '#libs/http';
import { amount, instant, pageOf } from '../answers/fields.js';
import { breakdownField, rateCardField } from '../answers/price.js';
import { modelField, parametersField, usageField } from '../requests/work.js';

const nameField = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a lower-case letter, then lower-case letters, digits, _ and -; at most 63');
const catalogParams = closedObject({ catalog: nameField });

const [identity, terms] = [catalogSchema.shape, catalogSchema.shape];
const versionMembers = {
  version: z.int(), effectiveFrom: instant.nullable().meta({ description: 'Null for the first version: since for ever.' }), publishedAt: instant,
  id: z.string().nullable().meta({ description: 'Under which it was published; null for the first.' }),
};
const models = z.array(z.looseObject({ model: z.string() })).meta({ description: 'As a rate card writes them.' });

const RateCardAnswer = z.object({ catalog: z.string(), ...versionMembers, models }).meta({ id: 'RateCard' });
const rateCardListed = z.object({ catalog: z.string(), ...versionMembers, models: z.int().meta({ description: 'How many it prices.' }) }).meta({ id: 'RateCardListed' });

const CatalogAnswer = z.object({
  name: catalogNameSchema, unit: identity.unit, currency: identity.currency, scale: identity.scale, rounding: identity.rounding,
  description: terms.description, creditValue: terms.creditValue, packs: terms.packs, tiers: terms.tiers, thresholds: terms.thresholds, bonuses: terms.bonuses, policies: terms.policies,
  rateCard: z.object({ ...versionMembers, models }).meta({ description: 'The version in force.' }),
  versions: z.int().meta({ description: 'How many versions were published, those for the future among them.' }),
  outcome: z.enum(['imported', 'changed', 'unchanged']).optional().meta({ description: 'Of an import.' }),
}).meta({ id: 'Catalog' });

const VERSION = { version: 1, effectiveFrom: null, publishedAt: '2026-11-21T07:35:00.000Z', id: null };
const MODELS = [{ model: 'sonar', components: [{ kind: 'per_unit', meter: 'input_tokens', price: '1.35', per: 1000000 }, { kind: 'flat', price: '0.005' }] }];
const FILE = { name: 'acme-ai', unit: 'USD', currency: 'USD', scale: 12, rounding: 'half_up' } as const;
const EXAMPLE = { ...FILE, packs: [], tiers: [], thresholds: [], bonuses: [], policies: {}, rateCard: { ...VERSION, models: MODELS }, versions: 1 };
const NOT_FOUND = ['invalid_request', 'not_found', 'log_unavailable'] as const;

export const importCatalog = defineOperation({
  id: 'importCatalog', tag: 'Catalogs', method: 'PUT', path: '/v1/catalogs/{catalog}', needs: 'configure',
  summary: 'Import a catalog', description: 'Unit, prices, packs, tiers, thresholds and policies. The same content again changes nothing; other prices are refused: publish a version of the rate card. The unit, currency, scale and rounding never change.',
  params: catalogParams, body: catalogSchema,
  bodyExamples: [{ summary: 'A small catalog', value: { ...FILE, rateCard: { models: MODELS } } }],
  answers: {
    200: { description: 'It was there; changed or not.', schema: CatalogAnswer, example: { ...EXAMPLE, outcome: 'unchanged' } },
    201: { description: 'It is new.', schema: CatalogAnswer, example: { ...EXAMPLE, outcome: 'imported' } },
  },
  refusals: ['invalid_request', 'state_conflict', 'log_unavailable', 'catalog_contended', 'append_too_large'],
});

export const readCatalog = defineOperation({
  id: 'readCatalog', tag: 'Catalogs', method: 'GET', path: '/v1/catalogs/{catalog}', needs: 'read', summary: 'Read a catalog', params: catalogParams,
  answers: { 200: { description: 'The catalog with the rate card in force.', schema: CatalogAnswer, example: EXAMPLE } }, refusals: NOT_FOUND,
});

const catalogListed = z.object({
  name: z.string(), description: z.string().optional(), unit: z.string(), currency: z.string(), scale: z.int(), rateCard: z.object(versionMembers), models: z.int(), packs: z.int(),
}).meta({ id: 'CatalogListed' });

export const listCatalogs = defineOperation({
  id: 'listCatalogs', tag: 'Catalogs', method: 'GET', path: '/v1/catalogs', needs: 'read', summary: 'List catalogs', description: 'All of them, in the order they were first imported.',
  query: closedObject({}),
  answers: { 200: { description: 'All catalogs.', schema: pageOf(catalogListed), example: { items: [{ name: 'acme-ai', unit: 'USD', currency: 'USD', scale: 12, rateCard: VERSION, models: 1, packs: 0 }], nextCursor: null } } },
  refusals: ['invalid_request', 'log_unavailable'],
});

export const publishRateCard = defineOperation({
  id: 'publishRateCard', tag: 'Catalogs', method: 'POST', path: '/v1/catalogs/{catalog}/rate-cards', needs: 'configure', idempotencyKey: true,
  summary: 'Publish a version of the prices', description: 'Whole, and immutable from then on. It prices what happens from `effectiveFrom` on; a date in the past changes nothing that was charged.',
  params: catalogParams, body: rateCardSchema.extend({ id: idField.optional(), effectiveFrom: instantField }),
  bodyExamples: [{ summary: 'From the new year on', value: { id: 'prices-2027', effectiveFrom: '2027-01-01T00:00:00Z', models: MODELS } }],
  answers: { 201: { description: 'The version.', schema: RateCardAnswer, example: { catalog: 'acme-ai', ...VERSION, version: 2, effectiveFrom: '2027-01-01T00:00:00.000Z', id: 'prices-2027', models: MODELS } } },
  refusals: [...NOT_FOUND, 'idempotency_key_required', 'idempotency_conflict', 'catalog_contended', 'append_too_large'],
});

export const listRateCards = defineOperation({
  id: 'listRateCards', tag: 'Catalogs', method: 'GET', path: '/v1/catalogs/{catalog}/rate-cards', needs: 'read', summary: 'List the versions of the prices', params: catalogParams, query: closedObject({}),
  answers: { 200: { description: 'All versions, the first one first.', schema: pageOf(rateCardListed), example: { items: [{ catalog: 'acme-ai', ...VERSION, models: 1 }], nextCursor: null } } }, refusals: NOT_FOUND,
});

export const readRateCard = defineOperation({
  id: 'readRateCard', tag: 'Catalogs', method: 'GET', path: '/v1/catalogs/{catalog}/rate-cards/{version}', needs: 'read', summary: 'Read a version of the prices',
  params: closedObject({ catalog: nameField, version: z.string().regex(/^[1-9][0-9]{0,8}$/, 'a version number').transform(Number).meta({ type: 'integer', minimum: 1 }) }),
  answers: { 200: { description: 'The version.', schema: RateCardAnswer, example: { catalog: 'acme-ai', ...VERSION, models: MODELS } } }, refusals: NOT_FOUND,
});

export const readPricing = defineOperation({
  id: 'readPricing', tag: 'Catalogs', method: 'GET', path: '/v1/catalogs/{catalog}/pricing', needs: 'read', summary: 'Read the live price list', params: catalogParams,
  answers: {
    200: {
      description: 'The prices in force now.',
      schema: z.object({ catalog: z.string(), unit: z.string(), rateCard: rateCardField, effectiveFrom: instant.nullable(), models }),
      example: { catalog: 'acme-ai', unit: 'USD', rateCard: { catalog: 'acme-ai', version: 1 }, effectiveFrom: null, models: MODELS },
    },
  },
  refusals: NOT_FOUND,
});

const pack = z.object({
  id: z.string(), title: z.string().optional(), amount: amount.meta({ description: 'The credit it gives.' }), unit: z.string(),
  validities: z.array(z.object({ id: z.string(), days: z.int().nullable().meta({ description: 'How long the credit lasts; null for ever.' }), price: z.string(), currency: z.string() })),
}).meta({ id: 'Pack' });

export const listPacks = defineOperation({
  id: 'listPacks', tag: 'Catalogs', method: 'GET', path: '/v1/catalogs/{catalog}/packages', needs: 'read', summary: 'List the packs on sale', params: catalogParams, query: closedObject({}),
  answers: {
    200: {
      description: 'The packs, each with the validities it is sold with; the first is what a purchase gets that asks for none.', schema: pageOf(pack),
      example: { items: [{ id: 'credits-1000', title: '1,000 credits', amount: '10', unit: 'USD', validities: [{ id: 'lifetime', days: null, price: '10', currency: 'USD' }] }], nextCursor: null },
    },
  },
  refusals: NOT_FOUND,
});

export const estimate = defineOperation({
  id: 'estimate', tag: 'Catalogs', method: 'POST', path: '/v1/estimates', needs: 'estimate',
  summary: 'Price usage without doing it', description: 'By the prices in force now, of a catalog or of an account\'s.',
  body: closedObject({ catalog: nameField.optional(), accountId: idField.optional(), model: modelField, usage: usageField.optional(), parameters: parametersField.optional() })
    .refine(({ catalog, accountId }) => (catalog === undefined) !== (accountId === undefined), { path: ['catalog'], error: 'either catalog or accountId' }),
  bodyExamples: [
    { summary: 'Tokens', value: { catalog: 'kyma', model: 'claude-sonnet-4-6', usage: { input_tokens: 4000, cached_input_tokens: 8000, output_tokens: 900 } } },
    { summary: 'A clip', value: { catalog: 'pixelcredits', model: 'sora-2-text-to-video', usage: { requests: 1 }, parameters: { resolution: '1080p', durationSeconds: 8 } } },
  ],
  answers: {
    200: {
      description: 'The price, and how it came about.',
      schema: z.object({ cost: amount, unit: z.string(), exact: amount.meta({ description: 'Before the one rounding.' }), breakdown: breakdownField, rateCard: rateCardField }),
      example: { cost: '0.0162', unit: 'USD', exact: '0.0162', breakdown: [{ component: 'input_tokens', quantity: '4000', unitPrice: '0.00000405', amount: '0.0162' }], rateCard: { catalog: 'kyma', version: 1 } },
    },
  },
  refusals: [...NOT_FOUND, 'unknown_model', 'unpriced_parameters'],
});
