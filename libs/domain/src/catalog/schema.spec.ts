import { fingerprint } from '#libs/kernel';
import { smallCatalog } from './testing/small-catalog.js';

const errors = (changes: object): unknown => {
  try {
    smallCatalog(changes);
    return 'accepted';
  } catch (error) {
    return (error as { facts: { errors: { path: string; message: string }[] } }).facts.errors.map(({ path }) => path);
  }
};

const pack = (changes: object): object => ({ packs: [{ id: 'p', amount: '10', validities: [{ id: 'v', days: null, price: '10' }], ...changes }] });
const tier = (minimumPurchased: string): object => ({ name: 't', minimumPurchased, rpm: 1, perModelRpm: 1, tpm: 1 });

describe('a catalog file', () => {
  it('has one spelling', () => {
    const spelled = (amount: string) => fingerprint(smallCatalog({ ...pack({ amount }), creditValue: amount }));
    expect(spelled('10.00')).toBe(spelled('10'));
    expect(fingerprint(smallCatalog({ $schema: './catalog.schema.json' }))).toBe(fingerprint(smallCatalog()));
    expect(fingerprint(smallCatalog({ tiers: [], bonuses: [], policies: {} }))).toBe(fingerprint(smallCatalog()));
  });

  it.each<[string, object, string[]]>([
    ['an unknown member', { colour: 'red' }, ['']],
    ['a name no stream can have', { name: 'Small-' }, ['name']],
    ['an amount that is a number', pack({ amount: 10 }), ['packs.0.amount']],
    ['an amount with a sign', pack({ amount: '-10' }), ['packs.0.amount']],
    ['an amount finer than the unit', { unit: 'credit', scale: 0, rounding: 'up', thresholds: [], ...pack({ amount: '0.5' }) }, ['packs.0.amount']],
    ['a threshold finer than the unit', { unit: 'credit', scale: 0, thresholds: [{ warning: 'w', operator: 'below', amount: '0.5' }] }, ['thresholds.0.amount']],
    ['a bonus finer than the unit', { unit: 'credit', scale: 0, bonuses: [{ kind: 'referral', amount: '0.5', days: null }] }, ['bonuses.0.amount']],
    ['a currency beside another one', { currency: 'EUR' }, ['currency']],
    ['the worth of a credit where the unit is one', { unit: 'credit', creditValue: '0.01' }, ['creditValue']],
    ['a pack without a price', pack({ validities: [] }), ['packs.0.validities']],
    ['a pack that stands twice', { packs: [1, 2].map(() => ({ id: 'p', amount: '1', validities: [{ id: 'v', days: null, price: '1' }] })) }, ['packs.1.id']],
    ['a validity that stands twice', pack({ validities: [{ id: 'v', days: 1, price: '1' }, { id: 'v', days: 2, price: '1' }] }), ['packs.0.validities.1.id']],
    ['tiers that do not start at nothing', { tiers: [tier('10')] }, ['tiers.0.minimumPurchased']],
    ['tiers that do not rise', { tiers: [tier('0'), tier('10'), tier('10')] }, ['tiers.2.minimumPurchased']],
    ['thresholds that do not fall', { thresholds: [{ warning: 'a', operator: 'below', amount: '1' }, { warning: 'b', operator: 'below', amount: '5' }] }, ['thresholds.1.amount']],
    ['a hold that lives longer than a week', { policies: { holdTtlSeconds: 604_801 } }, ['policies.holdTtlSeconds']],
    ['more digits than an amount holds', { scale: 13 }, ['scale']],
    ['prices that do not fit together', { rateCard: { models: [{ model: 'm', components: [{ kind: 'ratio', meter: 'a', of: 'b', ratio: '1' }] }] } }, ['rateCard.models.0.components']],
    ['more models than a card holds', { rateCard: { models: Array.from({ length: 2_001 }, (_, at) => ({ model: `m${at}`, components: [{ kind: 'flat', price: '1' }] })) } }, ['rateCard.models']],
  ])('is refused with %s', (_, changes, paths) => expect(errors(changes)).toEqual(paths));

  it('orders tiers by value, not by text', () => expect(errors({ tiers: [tier('0'), tier('9'), tier('10')] })).toBe('accepted'));

  it('names at most 50 errors', () => {
    expect(errors({ rateCard: { models: Array.from({ length: 200 }, () => ({})) } })).toHaveLength(50);
  });
});
