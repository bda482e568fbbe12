import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { formatAmount } from '#libs/money';
import type { PriceComponent } from './components/index.js';
import { modelsSchema } from './model.js';
import { priceUsage } from './price-usage.js';
import { compileRateCard } from './rate-card.js';
import { normaliseUsage, type UsageRequest } from './usage.js';

const Exact = Decimal.clone({ precision: 300, toExpNeg: -1_000, toExpPos: 1_000 });
type Exact = Decimal;

const decimal = (whole: number, fraction: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^(0|[1-9][0-9]{0,${whole - 1}})(\\.[0-9]{1,${fraction}})?$`));
// Small enough that no price is more than an amount can hold.
const price = decimal(4, 12);
const positive = decimal(2, 6).filter((text) => /[1-9]/.test(text));
const sometimes = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const METERS = ['input_tokens', 'cached_input_tokens', 'output_tokens', 'images', 'seconds', 'requests'] as const;
const QUALITIES = ['low', 'high'] as const;
const meter = fc.constantFrom(...METERS);

/** Components of every kind, named by their place; a ratio refers to the first, which is always one it can refer to. */
const component = fc.oneof(
  fc.record({ kind: fc.constant('flat'), price }),
  fc.record({
    kind: fc.constant('per_unit'), meter, price, per: fc.constantFrom(1, 10, 1_000, 1_000_000, 1_000_000_000),
    increment: sometimes(positive), minimum: sometimes(positive), perRequest: sometimes(positive),
  }),
  fc.record({ kind: fc.constant('ratio'), meter, of: fc.constant('c0'), ratio: price }),
  fc.record({
    kind: fc.constant('matrix'), meter, by: fc.constant(['quality', 'size']), perRequest: sometimes(positive),
    cells: fc.array(price, { minLength: 4, maxLength: 4 }).map((prices) => prices.map((cell, at) => ({ when: { quality: QUALITIES[at % 2], size: at < 2 ? '1' : '2' }, price: cell }))),
  }),
);
const components = fc.tuple(fc.record({ kind: fc.constant('flat'), price }), fc.array(component, { maxLength: 5 }))
  .map(([first, rest]) => [first, ...rest].map((one, at) => ({ ...one, name: `c${at}` })));

const usage = fc.dictionary(meter, fc.oneof(decimal(6, 6), fc.nat(999_999)));
const parameters = fc.record({ quality: fc.constantFrom(...QUALITIES), size: fc.constantFrom(1, '2', '2.0') });

/** The rules once more, written for reading and with another arithmetic: [component, billed, unit price]. */
const oracle = (priced: readonly PriceComponent[], { usage, parameters = {} }: UsageRequest): (readonly [string, Exact, Exact])[] => {
  const hasCached = priced.some((one) => 'meter' in one && one.meter === 'cached_input_tokens');
  const requests = new Exact(usage.requests ?? '1');
  const count = (name: string, perRequest?: string): Exact | undefined => {
    if (name === 'requests') return requests;
    const names = name === 'input_tokens' && !hasCached ? [name, 'cached_input_tokens'] : [name];
    const stated = names.filter((one) => usage[one] !== undefined);
    if (stated.length > 0) return stated.reduce((sum, one) => sum.plus(usage[one] as string), new Exact(0));
    return perRequest === undefined ? undefined : requests.times(perRequest);
  };
  return priced.flatMap((one) => {
    const name = one.name as string;
    if (one.kind === 'flat') return [[name, requests, new Exact(one.price)] as const];
    const used = count(one.meter, 'perRequest' in one ? one.perRequest : undefined);
    if (used === undefined) return [];
    if (one.kind === 'ratio') return [[name, used, new Exact((priced[0] as { price: string }).price).times(one.ratio)] as const];
    if (one.kind === 'matrix') {
      const cell = one.cells.find(({ when }) => when.quality === parameters.quality && when.size === parameters.size);
      return [[name, used, new Exact(cell?.price ?? Number.NaN)] as const];
    }
    const unitPrice = new Exact(one.price).div(one.per);
    if (used.isZero()) return [[name, used, unitPrice] as const];
    const whole = one.increment === undefined ? used : used.div(one.increment).ceil().times(one.increment);
    return [[name, one.minimum === undefined ? whole : Exact.max(whole, one.minimum), unitPrice] as const];
  });
};

/** All meters, so that none is unknown, but for cached input where the model bills it as input. */
const informationalMeters = (stated: readonly object[]): string[] =>
  METERS.filter((name) => name !== 'cached_input_tokens' || !stated.some((one) => 'meter' in one && one.meter === 'input_tokens'));

describe('a price, against decimal.js', () => {
  it('is what the components say, re-derives from its breakdown, and is rounded once', () => {
    fc.assert(fc.property(components, usage, parameters, fc.nat(12), fc.constantFrom('half_up' as const, 'up' as const), (stated, used, picked, scale, rounding) => {
      const informational = { meters: informationalMeters(stated), parameters: ['quality', 'size'] };
      const models = modelsSchema.parse([{ model: 'm', components: stated, informational }]);
      const request = normaliseUsage('m', used, picked);
      const { cost, exact, breakdown } = priceUsage(compileRateCard({ catalog: 'c', version: 1, effectiveFrom: null, scale, rounding, models }), request);

      const lines = oracle(models[0]?.components ?? [], request);
      expect(breakdown.map(({ component: name, quantity, unitPrice }) => [name, quantity, unitPrice]))
        .toEqual(lines.map(([name, quantity, unitPrice]) => [name, quantity.toFixed(), unitPrice.toFixed()]));

      let total = new Exact(0);
      for (const line of breakdown) {
        expect(new Exact(line.quantity).times(line.unitPrice).toFixed()).toBe(line.amount);
        total = total.plus(line.amount);
      }
      expect(exact).toBe(total.toFixed());
      expect(formatAmount(cost)).toBe(total.toDecimalPlaces(scale, rounding === 'up' ? Exact.ROUND_UP : Exact.ROUND_HALF_UP).toFixed());
    }), { numRuns: 1_000 });
  });
});
