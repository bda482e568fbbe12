import type { Instant } from '#libs/kernel';
import { parseCatalog, transitionCatalog, type Catalog, type CatalogFile } from '../../catalog/index.js';

/** When the specs' clock starts. */
export const START: Instant = '2026-11-21T10:00:00.000Z';

/** From then on `chat` and `clip` cost twice as much. */
export const DEARER_FROM: Instant = '2026-11-21T12:00:00.000Z';

const catalogOf = (file: CatalogFile, dearer: CatalogFile['rateCard']['models']): Catalog => {
  const before = '2026-01-01T00:00:00.000Z';
  const { catalog } = transitionCatalog(undefined, { type: 'ImportCatalog', file }, { now: before });
  return transitionCatalog(catalog, { type: 'PublishRateCard', id: 'v2', effectiveFrom: DEARER_FROM, models: dearer }, { now: before }).catalog;
};

/** A flat fee of half a dollar and a thousandth for each token. */
const chat = (factor: 1 | 2): CatalogFile['rateCard']['models'] => [{
  model: 'chat', components: [
    { kind: 'flat', name: 'fee', price: factor === 1 ? '0.5' : '1' },
    { kind: 'per_unit', meter: 'output_tokens', price: String(factor), per: 1_000 },
  ],
}];

const dollarsFile = {
  name: 'dollars', unit: 'USD', currency: 'USD', scale: 12, rounding: 'half_up',
  packs: [{ id: 'ten', amount: '10', validities: [{ id: '30d', days: 30, price: '10' }, { id: 'lifetime', days: null, price: '15' }] }],
  rateCard: { models: chat(1) },
};

/** Counts in dollars with 12 digits. */
export const dollars: Catalog = catalogOf(parseCatalog(dollarsFile), chat(2));

/** The same with low-balance warnings below 5 and at or below 1. */
export const warningDollars: Catalog = catalogOf(parseCatalog({
  ...dollarsFile,
  thresholds: [{ warning: 'low_balance', operator: 'below', amount: '5' }, { warning: 'critical_low_balance', operator: 'at_or_below', amount: '1' }],
}), chat(2));

/** A third of a credit for each second; charges are rounded up to whole credits. */
const clip = (factor: 1 | 2): CatalogFile['rateCard']['models'] =>
  [{ model: 'clip', components: [{ kind: 'per_unit', meter: 'seconds', price: factor === 1 ? '0.333' : '0.666', per: 1 }] }];

/** Counts in whole credits, sold for dollars. */
export const wholeCredits: Catalog = catalogOf(parseCatalog({
  name: 'whole', unit: 'credit', currency: 'USD', scale: 0, rounding: 'up',
  packs: [{ id: 'small', amount: '300', validities: [{ id: '30d', days: 30, price: '9.99' }, { id: 'lifetime', days: null, price: '14.99' }] }],
  rateCard: { models: clip(1) },
}), clip(2));

/** A catalog with other policies, all else being equal. */
export const withPolicies = (catalog: Catalog, policies: Partial<Catalog['policies']>): Catalog =>
  ({ ...catalog, policies: { ...catalog.policies, ...policies } });
