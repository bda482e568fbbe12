import { formatAmount } from '#libs/money';
import { modelsSchema, type ModelPrice } from './model.js';
import { priceUsage, type Priced } from './price-usage.js';
import { compileRateCard, type RateCard } from './rate-card.js';
import { normaliseUsage } from './usage.js';

const MILLION = 1_000_000;

const cardOf = (models: unknown, terms: Partial<Pick<RateCard, 'scale' | 'rounding'>> = {}): RateCard =>
  compileRateCard({ catalog: 'c', version: 1, effectiveFrom: null, scale: 12, rounding: 'half_up', ...terms, models: modelsSchema.parse(models) });

const modelWith = (...components: readonly object[]): object[] => [{ model: 'm', components }];

type Usage = Record<string, string | number>;
const price = (card: RateCard, usage: Usage, parameters?: Record<string, string | number | boolean>, model = 'm'): Priced =>
  priceUsage(card, normaliseUsage(model, usage, parameters));
const cost = (...args: Parameters<typeof price>): string => formatAmount(price(...args).cost);

const unpriced = (facts: object, code = 'unpriced_parameters'): Error =>
  expect.objectContaining({ kind: 'unpriced', code, facts: expect.objectContaining(facts) });

const input = { kind: 'per_unit', meter: 'input_tokens', price: '2', per: MILLION };
const output = { kind: 'per_unit', meter: 'output_tokens', price: '8', per: MILLION };

describe('a flat price', () => {
  const card = cardOf(modelWith({ kind: 'flat', price: '0.006' }));

  it('is for one request unless usage says how many', () => {
    expect(price(card, {})).toEqual({
      cost: 6_000_000_000n, exact: '0.006', model: 'm', breakdown: [{ component: 'requests', quantity: '1', unitPrice: '0.006', amount: '0.006' }],
    });
    expect(cost(card, { requests: 100 })).toBe('0.6');
    expect(cost(card, { requests: 0 })).toBe('0');
  });
});

describe('a price for each unit', () => {
  it('is the price of one unit times the quantity', () => {
    expect(price(cardOf(modelWith(input)), { input_tokens: 1_500 }).breakdown).toEqual([
      { component: 'input_tokens', quantity: '1500', unitPrice: '0.000002', amount: '0.003' },
    ]);
  });

  it.each([['0', '0'], ['0.2', '0.5'], ['1', '0.5'], ['1.2', '1'], ['2', '1'], ['2.000001', '1.5']])(
    'with an increment of a minute bills %s minutes at %s', (minutes, expected) => {
      expect(cost(cardOf(modelWith({ kind: 'per_unit', meter: 'minutes', price: '0.5', increment: '1' })), { minutes })).toBe(expected);
    },
  );

  it.each([['0', '0'], ['1', '30'], ['30', '30'], ['31', '36'], ['36', '36'], ['36.5', '42']])(
    'with a minimum of 30 and an increment of 6 bills %s seconds as %s', (seconds, billed) => {
      const card = cardOf(modelWith({ kind: 'per_unit', meter: 'seconds', price: '0.01', increment: '6', minimum: '30' }));
      expect(price(card, { seconds }).breakdown).toEqual([expect.objectContaining({ quantity: billed, unitPrice: '0.01' })]);
    },
  );

  it('may have a fraction for its increment', () => {
    expect(price(cardOf(modelWith({ kind: 'per_unit', meter: 'minutes', price: '1', increment: '0.25' })), { minutes: '1.1' }).exact).toBe('1.25');
  });

  it('may say what a request uses that leaves the meter out', () => {
    const card = cardOf(modelWith({ kind: 'per_unit', meter: 'seconds', price: '0.1', perRequest: '5' }));
    expect([cost(card, {}), cost(card, { requests: 3 }), cost(card, { seconds: 2 }), cost(card, { seconds: 0 })]).toEqual(['0.5', '1.5', '0.2', '0']);
  });
});

describe('cached input', () => {
  const usage = { input_tokens: 1_000, cached_input_tokens: 10_000 };

  it('has its own price', () => {
    const card = cardOf(modelWith(input, { kind: 'per_unit', meter: 'cached_input_tokens', price: '0.5', per: MILLION }));
    expect(price(card, usage).breakdown.map(({ component, amount }) => [component, amount])).toEqual([['input_tokens', '0.002'], ['cached_input_tokens', '0.005']]);
  });

  it('or a ratio of input\'s', () => {
    const card = cardOf(modelWith(input, { kind: 'ratio', meter: 'cached_input_tokens', of: 'input_tokens', ratio: '0.1' }));
    expect(price(card, usage).breakdown).toEqual([
      { component: 'input_tokens', quantity: '1000', unitPrice: '0.000002', amount: '0.002' },
      { component: 'cached_input_tokens', quantity: '10000', unitPrice: '0.0000002', amount: '0.002' },
    ]);
  });

  it('or is billed as input by a model without one', () => {
    expect(price(cardOf(modelWith(input)), usage).breakdown).toEqual([{ component: 'input_tokens', quantity: '11000', unitPrice: '0.000002', amount: '0.022' }]);
    expect(cost(cardOf(modelWith(input)), { cached_input_tokens: 500 })).toBe('0.001');
  });

  it('is rounded up together with input then, not twice', () => {
    const card = cardOf(modelWith({ ...input, increment: '1000' }));
    expect(price(card, { input_tokens: 400, cached_input_tokens: 500 }).breakdown).toEqual([expect.objectContaining({ quantity: '1000' })]);
  });

  it('is free only where the model says so', () => {
    const [model] = modelWith(input);
    expect(price(cardOf([{ ...model, informational: { meters: ['cached_input_tokens'] } }]), usage).exact).toBe('0.002');
  });
});

describe('a price matrix', () => {
  const cells = [
    { when: { resolution: '720p', durationSeconds: '4' }, price: '5' }, { when: { resolution: '720p', durationSeconds: '8' }, price: '10' },
    { when: { resolution: '1080p', durationSeconds: '8' }, price: '15' },
  ];
  const video = { kind: 'matrix', meter: 'requests', by: ['resolution', 'durationSeconds'], cells };
  const card = cardOf(modelWith(video));

  it('is looked up by parameters and multiplied', () => {
    expect(price(card, { requests: 2 }, { resolution: '1080p', durationSeconds: 8 }).breakdown).toEqual([
      { component: 'requests', quantity: '2', unitPrice: '15', amount: '30' },
    ]);
  });

  it('takes a value it does not get from its defaults', () => {
    const card = cardOf(modelWith({ ...video, defaults: { resolution: '720p' } }));
    expect([cost(card, {}, { durationSeconds: 4 }), cost(card, {}, { durationSeconds: 8, resolution: '1080p' })]).toEqual(['5', '15']);
  });

  it('says which parameter is missing', () => {
    expect(() => price(card, {}, { resolution: '720p' })).toThrow(unpriced({ missing: ['durationSeconds'], parameters: { resolution: ['720p', '1080p'], durationSeconds: ['4', '8'] } }));
  });

  it('says which values there are', () => {
    expect(() => price(card, {}, { resolution: '8K', durationSeconds: 8 })).toThrow(unpriced({ detail: 'm has no price for resolution 8K' }));
  });

  it('says which values go together', () => {
    expect(() => price(card, {}, { resolution: '1080p', durationSeconds: 4 })).toThrow(unpriced({ cells: cells.map(({ when }) => when) }));
  });

  it('reads numbers in its cells as it reads those of requests', () => {
    const card = cardOf(modelWith({ kind: 'matrix', meter: 'images', by: ['megapixels'], cells: [{ when: { megapixels: '4.0' }, price: '0.1' }] }));
    expect(cost(card, { images: 1 }, { megapixels: 4 })).toBe('0.1');
  });
});

describe('a price of several components', () => {
  const card = cardOf(modelWith(input, output, { kind: 'flat', name: 'web_search', price: '0.005' }));

  it('is their sum', () => {
    expect(price(card, { input_tokens: 1_000, output_tokens: 500 })).toMatchObject({ exact: '0.011' });
  });

  it('has lines only for what was used', () => {
    expect(price(card, { output_tokens: 500 }).breakdown.map(({ component }) => component)).toEqual(['output_tokens', 'web_search']);
    expect(price(card, { output_tokens: 0 }).breakdown.map(({ component }) => component)).toEqual(['output_tokens', 'web_search']);
  });
});

describe('the one rounding', () => {
  const third = modelWith({ kind: 'per_unit', meter: 'characters', price: '0.5', per: 1_000 }, { kind: 'per_unit', meter: 'images', price: '0.0005' });

  it.each([
    ['half_up', 0, 1_000, 0, '1'], ['half_up', 0, 998, 0, '0'], ['up', 0, 1, 0, '1'], ['up', 0, 0, 0, '0'], ['up', 0, 2_000, 0, '1'],
    // 0.4995 + 0.0005: each rounded alone would be 0 + 0 or 1 + 1.
    ['half_up', 0, 999, 1, '1'], ['up', 0, 999, 1, '1'], ['half_up', 2, 10, 0, '0.01'], ['half_up', 2, 9, 0, '0'],
  ] as const)('%s to %i digits: %i characters and %i images cost %s', (rounding, scale, characters, images, expected) => {
    expect(cost(cardOf(third, { rounding, scale }), { characters, images })).toBe(expected);
  });

  it('keeps the exact amount beside it', () => {
    const card = cardOf(modelWith({ kind: 'per_unit', meter: 'input_tokens', price: '0.000000000001', per: MILLION }));
    expect(price(card, { input_tokens: 3 })).toMatchObject({ cost: 0n, exact: '0.000000000000000003' });
  });
});

describe('what has no price is refused, and says what is allowed', () => {
  const models = [
    { model: 'claude-opus-4-7', components: [input] }, { model: 'gpt-5', aliases: ['gpt'], components: [input, output] },
    { model: 'gpt-5-mini', components: [{ kind: 'flat', price: '1' }], informational: { meters: ['seconds'], parameters: ['aspectRatio'] } },
  ];
  const card = cardOf(models);

  it('an unknown model, with the names most like it', () => {
    expect(() => price(card, {}, {}, 'gpt5')).toThrow(unpriced({ model: 'gpt5', models: ['gpt-5', 'gpt', 'gpt-5-mini', 'claude-opus-4-7'] }, 'unknown_model'));
    expect(() => price(card, {}, {}, 'toString')).toThrow(unpriced({}, 'unknown_model'));
  });

  it('an unknown meter', () => {
    expect(() => price(card, { output_tokens: 1 }, {}, 'claude-opus-4-7')).toThrow(unpriced({ unknown: ['output_tokens'], meters: ['input_tokens', 'cached_input_tokens'] }));
  });

  it('an unknown parameter', () => {
    expect(() => price(card, { requests: 1 }, { colour: 'red' }, 'gpt-5-mini')).toThrow(unpriced({ unknown: ['colour'], informationalParameters: ['aspectRatio'] }));
  });

  it('usage that states no priced meter, though a stated zero is a cost of zero', () => {
    expect(() => price(card, {}, {}, 'gpt-5')).toThrow(unpriced({ meters: ['input_tokens', 'cached_input_tokens', 'output_tokens'] }));
    expect(() => price(card, { requests: 3 }, {}, 'gpt-5')).toThrow(unpriced({}));
    expect(cost(card, { output_tokens: 0 }, {}, 'gpt-5')).toBe('0');
  });

  it('a cost no amount can hold', () => {
    expect(() => price(cardOf(modelWith({ kind: 'flat', price: '999999999999' })), { requests: '999999999999999999' }))
      .toThrow(expect.objectContaining({ kind: 'invalid', code: 'invalid_request' }));
  });

  it('while requests, informational meters and parameters are recorded without a price', () => {
    expect(cost(card, { requests: 2, seconds: 8 }, { aspectRatio: '16:9' }, 'gpt-5-mini')).toBe('2');
    expect(cost(card, { requests: 2, input_tokens: 500_000 }, {}, 'gpt')).toBe('1');
  });
});

describe('a rate card', () => {
  const refusal = (models: unknown): string | undefined => modelsSchema.safeParse(models).error?.issues[0]?.message;

  it.each<[string, ModelPrice[] | object[]]>([
    ['two components have one name', modelWith(input, input)],
    ['cached_input_tokens: there is no flat or per_unit component named output_tokens to be a ratio of', modelWith(input, { kind: 'ratio', meter: 'cached_input_tokens', of: 'output_tokens', ratio: '0.1' })],
    ['m stands twice', [...modelWith(input), ...modelWith(output)]],
    ['m stands twice', [...modelWith(input), { model: 'n', aliases: ['m'], components: [input] }]],
    ['exactly quality', modelWith({ kind: 'matrix', meter: 'images', by: ['quality'], cells: [{ when: { colour: 'red' }, price: '1' }] })],
    ['stands twice', modelWith({ kind: 'matrix', meter: 'images', by: ['megapixels'], cells: [{ when: { megapixels: '1' }, price: '1' }, { when: { megapixels: '1.0' }, price: '2' }] })],
    ['no cell has this value', modelWith({ kind: 'matrix', meter: 'images', by: ['quality'], defaults: { quality: 'auto' }, cells: [{ when: { quality: 'low' }, price: '1' }] })],
  ])('is refused because %s', (message, models) => expect(refusal(models)).toBe(message));

  it.each([
    modelWith(), modelWith({ kind: 'flat', price: -1 }), modelWith({ kind: 'flat', price: '-1' }), modelWith({ kind: 'flat', price: '1', per: 10 }),
    modelWith({ ...input, per: 3 }), modelWith({ ...input, increment: '0' }), modelWith({ ...input, meter: '1' }), modelWith({ ...input, meter: 'constructor' }),
    modelWith({ kind: 'auction', price: '1' }), [{ model: '', components: [input] }], [],
  ].map((models) => [models]))('is refused with %j', (models) => expect(modelsSchema.safeParse(models).success).toBe(false));
});
