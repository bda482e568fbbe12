import { parseCatalog, type CatalogFile } from '../schema.js';

/** A catalog of one chat model and one pack, for specs; `changes` replace its members. */
export const smallCatalog = (changes: object = {}): CatalogFile => parseCatalog({
  name: 'small', unit: 'USD', currency: 'USD', scale: 12, rounding: 'half_up',
  packs: [{ id: 'ten', amount: '10', validities: [{ id: '30d', days: 30, price: '10' }, { id: 'lifetime', days: null, price: '15' }] }],
  thresholds: [{ warning: 'low_balance', operator: 'below', amount: '5' }, { warning: 'critical_low_balance', operator: 'at_or_below', amount: '1' }],
  rateCard: { models: modelsAt('0.01') },
  ...changes,
});

/** The rate card of {@link smallCatalog} with another price of a chat. */
export const modelsAt = (price: string): CatalogFile['rateCard']['models'] => [{ model: 'chat', group: 'chat', components: [{ kind: 'flat', price }] }];
