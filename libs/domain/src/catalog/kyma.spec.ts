import { Decimal } from 'decimal.js';
import { normaliseUsage, priceUsage } from '../pricing/index.js';
import { cardOfFile, pricedBy, shippedCatalog } from './testing/shipped.js';

const catalog = shippedCatalog('kyma');
const card = cardOfFile(catalog);
const cost = pricedBy(card);
const MILLION = 1_000_000;
const times = (price: string, n: number): string => new Decimal(price).times(n).toFixed();

/** The document's table, USD for one million tokens: model, input, output, cached input where it prints one. */
const TOKENS: readonly (readonly [string, string, string, string?])[] = [
  ['glm-4.7-flash', '0.08', '0.54'], ['gemma-4-31b', '0.19', '0.54'], ['deepseek-v4-flash', '0.19', '0.38', '0.019'],
  ['gpt-oss-120b', '0.2', '0.81'], ['glm-4.5-air', '0.18', '1.15'],
  ['qwen-3-32b', '0.39', '0.81'], ['minimax-m2.5', '0.41', '1.62'], ['minimax-m2.7', '0.41', '1.62'], ['deepseek-v3', '0.81', '2.3'],
  ['llama-3.3-70b', '1.19', '1.19'],
  ['qwen-3-coder', '0.68', '2.16'], ['deepseek-r1', '0.68', '2.9'], ['kimi-k2.6', '1.28', '5.4'], ['kimi-k2.5', '0.68', '3.78'],
  ['qwen-3.6-plus', '0.68', '4.05'], ['deepseek-v4-pro', '2.35', '4.7', '0.235'], ['claude-opus-4-7', '6.75', '33.75', '0.675'],
  ['claude-sonnet-4-6', '4.05', '20.25', '0.405'], ['claude-haiku-4-5', '1.35', '6.75', '0.135'], ['glm-5.1', '1.89', '5.94'],
  ['gemini-2.5-flash', '0.41', '3.38'], ['gemini-3-flash', '0.68', '4.05'],
];

const SONAR = [['sonar', '1.35', '1.35'], ['sonar-pro', '4.05', '20.25']] as const;

const IMAGES = [
  ['imagen-4-ultra', '0.081'], ['imagen-4', '0.054'], ['imagen-4-fast', '0.027'], ['nano-banana', '0.046'], ['nano-banana-3-flash', '0.046'],
  ['recraft-v4-pro', '0.338'], ['recraft-v4-vector-pro', '0.405'], ['recraft-v4-vector', '0.108'], ['ideogram-v3', '0.108'],
  ['flux-1.1-ultra', '0.081'], ['recraft-v4', '0.054'], ['recraft-v3', '0.054'], ['flux-kontext-pro', '0.054'], ['minimax-image-01', '0.005'],
] as const;

const VIDEO_PER_SECOND = [
  ['kling-2.5-pro', '0.0945'], ['veo-3-fast', '0.135'], ['kling-3-pro', '0.1512'], ['kling-3-pro-audio', '0.2268'],
  ['seedance-2-fast', '0.326565'], ['seedance-2-pro', '0.40959'], ['veo-3', '0.54'],
] as const;

const PER_MINUTE = [
  ['whisper-v3-turbo', '0.0009'], ['gpt-4o-mini-transcribe-2025-12-15', '0.00405'], ['gemini-3-flash-audio', '0.0006'], ['gpt-realtime-translate', '0.034'],
] as const;

const PER_1000_CHARACTERS = [
  ['minimax-speech-turbo', '0.09'], ['minimax-speech-hd', '0.14'], ['eleven-flash-v2-5', '0.0945'], ['eleven-turbo-v2-5', '0.0945'], ['eleven-multilingual-v2', '0.189'],
] as const;

const PER_CALL = [
  ['hailuo-02-512p', '0.14'], ['hailuo-02-768p', '0.42'], ['hailuo-02-1080p', '0.78'], ['minimax-music', '0.045'], ['minimax-music-pro', '0.21'],
  ['minimax-voice-clone', '2.1'], ['minimax-voice-design', '4.2'], ['elevenlabs-sfx', '0.027'],
] as const;

describe('kyma', () => {
  it('sells exactly what its document prices', () => {
    const documented = [
      ...[...TOKENS, ...SONAR, ...IMAGES, ...VIDEO_PER_SECOND, ...PER_MINUTE, ...PER_1000_CHARACTERS, ...PER_CALL].map(([model]) => model),
      'gpt-image-2', 'flux-2-pro', 'elevenlabs-music',
    ];
    expect(card.models.map(({ name }) => name).sort()).toEqual(documented.sort());
  });

  // A model without a price for cached input bills it as input.
  it.each(TOKENS.map(([model, input, output, cached = input]) => [model, input, output, cached] as const))(
    '%s: %s for a million tokens in, %s out, %s cached', (model, input, output, cached) => {
      expect(cost(model, { input_tokens: MILLION })).toBe(input);
      expect(cost(model, { output_tokens: MILLION })).toBe(output);
      expect(cost(model, { cached_input_tokens: MILLION })).toBe(cached);
    },
  );

  it('charges a tenth of input for cached input wherever it has a price', () => {
    for (const [model, input, , cached] of TOKENS) {
      if (cached !== undefined) expect(cost(model, { cached_input_tokens: 10 * MILLION })).toBe(input);
    }
  });

  it.each(SONAR)('%s: %s in, %s out, and a search fee for each request', (model, input, output) => {
    const breakdown = (usage: Record<string, number>) => priceUsage(card, normaliseUsage(model, usage)).breakdown;
    expect(breakdown({ input_tokens: MILLION, output_tokens: MILLION })).toEqual([
      expect.objectContaining({ component: 'input_tokens', amount: input }),
      expect.objectContaining({ component: 'output_tokens', amount: output }),
      { component: 'web_search', quantity: '1', unitPrice: '0.00675', amount: '0.00675' },
    ]);
    expect(breakdown({ requests: 4 })).toEqual([{ component: 'web_search', quantity: '4', unitPrice: '0.00675', amount: '0.027' }]);
  });

  it('charges a short sonar question tokens and the flat fee', () => {
    expect(cost('sonar', { input_tokens: 100, output_tokens: 200 })).toBe('0.007155');
  });

  it.each(IMAGES)('%s: %s an image', (model, price) => {
    expect(cost(model, { images: 1 })).toBe(price);
    expect(cost(model, { images: 1_000 })).toBe(times(price, 1_000));
    expect(cost(model, {}, { aspectRatio: '16:9' })).toBe(price); // a request is for one image unless it says more
  });

  it.each([['low', '0.014'], ['medium', '0.081'], ['high', '0.297']])('gpt-image-2 in %s quality: %s an image', (quality, price) => {
    expect(cost('gpt-image-2', { images: 1 }, { quality })).toBe(price);
  });

  it('bills n images as n, and refuses gpt-image-2 without a quality: the document names no default', () => {
    expect(cost('gpt-image-2', { images: 4 }, { quality: 'high' })).toBe('1.188');
    expect(() => cost('gpt-image-2', { images: 1 })).toThrow(expect.objectContaining({
      code: 'unpriced_parameters', facts: expect.objectContaining({ missing: ['quality'], parameters: { quality: ['low', 'medium', 'high'] } }),
    }));
  });

  it.each([[1, '0.041'], ['4', '0.101'], ['4.0', '0.101']])('flux-2-pro at %s megapixels: %s', (megapixels, price) => {
    expect(cost('flux-2-pro', { images: 1 }, { megapixels })).toBe(price);
  });

  it('has no price for flux-2-pro at 2 megapixels', () => {
    expect(() => cost('flux-2-pro', { images: 1 }, { megapixels: 2 })).toThrow(expect.objectContaining({ code: 'unpriced_parameters' }));
  });

  it.each(VIDEO_PER_SECOND)('%s: %s a second, 5 seconds unless the request says', (model, price) => {
    expect(cost(model, { seconds: 1 })).toBe(price);
    expect(cost(model, {})).toBe(times(price, 5));
    expect(cost(model, { requests: 2 })).toBe(times(price, 10));
    expect(cost(model, { requests: 2, seconds: 15 })).toBe(times(price, 15));
  });

  it.each(PER_CALL)('%s: %s a call, whatever its length', (model, price) => {
    expect(cost(model, {})).toBe(price);
    expect(cost(model, { requests: 1 })).toBe(price);
  });

  it.each(PER_MINUTE)('%s: %s a minute', (model, price) => {
    expect(cost(model, { minutes: 1 })).toBe(price);
    expect(cost(model, { minutes: 1_000 })).toBe(times(price, 1_000));
  });

  it.each([['whisper-v3-turbo', 'transcribe', '0.0009'], ['gpt-4o-mini-transcribe-2025-12-15', 'transcribe-quality', '0.00405']])(
    '%s, also called %s, bills at least one minute, and nothing for nothing', (model, alias, minute) => {
      for (const name of [model, alias]) {
        expect(cost(name, { minutes: '0.1' })).toBe(minute);
        expect(cost(name, { minutes: '1' })).toBe(minute);
        expect(cost(name, { minutes: 0 })).toBe('0');
      }
      expect(priceUsage(card, normaliseUsage(alias, { minutes: 2 })).model).toBe(model);
    },
  );

  it('bills a minute and a half of speech as that: the document has a minimum, no increment', () => {
    expect(cost('whisper-v3-turbo', { minutes: '1.5' })).toBe('0.00135');
  });

  it('has no minimum for other audio by the minute', () => expect(cost('gemini-3-flash-audio', { minutes: '0.5' })).toBe('0.0003'));

  it.each(PER_1000_CHARACTERS)('%s: %s for 1,000 characters', (model, price) => {
    expect(cost(model, { characters: 1_000 })).toBe(price);
    expect(cost(model, { characters: 100 })).toBe(times(price, 0.1));
  });

  it('elevenlabs-music: 0.135 a second, which the request has to say', () => {
    expect(cost('elevenlabs-music', { seconds: 30 })).toBe('4.05');
    expect(() => cost('elevenlabs-music', {})).toThrow(expect.objectContaining({ code: 'unpriced_parameters' }));
  });

  it('estimates and holds as the conversation of the API does', () => {
    const tokens = { input_tokens: 4_000, cached_input_tokens: 8_000, output_tokens: 900 };
    expect(priceUsage(card, normaliseUsage('claude-sonnet-4-6', tokens))).toEqual({
      cost: 37_665_000_000n, exact: '0.037665', model: 'claude-sonnet-4-6',
      breakdown: [
        { component: 'input_tokens', quantity: '4000', unitPrice: '0.00000405', amount: '0.0162' },
        { component: 'cached_input_tokens', quantity: '8000', unitPrice: '0.000000405', amount: '0.00324' },
        { component: 'output_tokens', quantity: '900', unitPrice: '0.00002025', amount: '0.018225' },
      ],
    });
    expect(cost('claude-sonnet-4-6', { ...tokens, output_tokens: 4_096 })).toBe('0.102384');
  });

  /** The document's "typical" totals, for a mix of tokens it does not state. */
  const TYPICAL = [
    ['glm-4.7-flash', 500, 0.0001], ['gemma-4-31b', 1_000, 0.0003], ['gemini-2.5-flash', 10_000, 0.005], ['deepseek-r1', 5_000, 0.005],
  ] as const;

  it.each(TYPICAL)('%s: a typical request of %i tokens lies between all input and all output', (model, tokens, typical) => {
    expect(typical).toBeGreaterThanOrEqual(Number(cost(model, { input_tokens: tokens })));
    expect(typical).toBeLessThanOrEqual(Number(cost(model, { output_tokens: tokens })));
  });

  it.each([['qwen-3-32b', 3_000, 0.001], ['glm-5.1', 8_000, 0.013]] as const)(
    '%s: the typical total printed for %i tokens is below what its own table charges for input alone', (model, tokens, typical) => {
      expect(typical).toBeLessThan(Number(cost(model, { input_tokens: tokens })));
    },
  );

  it('sells 5, 20, 100 and 500 dollars of credit that never expires', () => {
    expect(catalog.packs.map(({ amount, validities }) => [amount, validities])).toEqual(
      ['5', '20', '100', '500'].map((amount) => [amount, [{ id: 'lifetime', days: null, price: amount }]]),
    );
  });

  it('promises half a dollar for signing up and for a referral', () => {
    expect(catalog.bonuses).toEqual([{ kind: 'signup_bonus', amount: '0.5', days: null }, { kind: 'referral', amount: '0.5', days: null }]);
  });

  it('has the five tiers of the document', () => {
    expect(catalog.tiers.map(({ name, minimumPurchased, rpm, perModelRpm, tpm }) => [name, minimumPurchased, rpm, perModelRpm, tpm])).toEqual([
      ['Free', '0', 30, 25, 200_000], ['Starter', '10', 60, 40, 500_000], ['Builder', '50', 120, 80, 2_000_000],
      ['Pro', '250', 200, 150, 5_000_000], ['Enterprise', '1000', 300, 200, 10_000_000],
    ]);
  });

  it('groups its models for the usage log', () => {
    const count = (group: string): number => card.models.filter((model) => model.group === group).length;
    expect(['chat', 'images', 'video', 'audio'].map(count)).toEqual([24, 16, 10, 15]);
  });
});
