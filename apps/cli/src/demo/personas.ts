import type { Random } from './random.js';

/** What somebody asked a model to do. */
export interface Work {
  readonly model: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly parameters?: Readonly<Record<string, string | number>>;
}

interface Habit {
  /** How often, beside the persona's other habits. */
  readonly weight: number;
  readonly work: (random: Random) => Work;
}

/** A customer: what it does, how much, and how it pays. */
export interface Persona {
  readonly name: string;
  readonly catalog: string;
  readonly requestsADay: number;
  readonly habits: readonly Habit[];
  readonly bonus: { readonly kind: 'signup_bonus' | 'promotion'; readonly amount: string };
  readonly purchase: Readonly<Record<string, unknown>>;
  /** It buys again when less is available, until so many days before today. */
  readonly buysBelow: string;
  readonly stopsBuyingDaysAgo: number;
}

type Range = readonly [least: number, most: number];

const chat = (weight: number, model: string, input: Range, output: Range, cached?: Range): Habit => ({
  weight,
  work: (random) => ({
    model,
    usage: {
      input_tokens: random.skewed(...input), ...(cached ? { cached_input_tokens: random.skewed(...cached) } : {}), output_tokens: random.skewed(...output),
    },
  }),
});

const images = (weight: number, model: string, parameters?: readonly Readonly<Record<string, string | number>>[]): Habit => ({
  weight, work: (random) => ({ model, usage: { images: random.skewed(1, 4) }, ...(parameters ? { parameters: random.pick(parameters) } : {}) }),
});

const calls = (weight: number, model: string, parameters?: readonly Readonly<Record<string, string | number>>[]): Habit => ({
  weight, work: (random) => ({ model, usage: { requests: 1 }, ...(parameters ? { parameters: random.pick(parameters) } : {}) }),
});

const metered = (weight: number, model: string, meter: string, quantity: Range): Habit => ({
  weight, work: (random) => ({ model, usage: { [meter]: random.skewed(...quantity) } }),
});

const resolutions = ['1K', '2K', '4K'].map((resolution) => ({ resolution }));
const clips = ['720p', '1080p'].flatMap((resolution) => [4, 8, 12].map((durationSeconds) => ({ resolution, durationSeconds })));

export const personas: readonly Persona[] = [
  {
    name: 'atlas-copilot', catalog: 'kyma', requestsADay: 110,
    habits: [
      chat(5, 'claude-sonnet-4-6', [300, 9_000], [40, 2_400], [0, 24_000]), chat(3, 'claude-haiku-4-5', [200, 6_000], [40, 1_500], [0, 12_000]),
      chat(3, 'qwen-3-coder', [400, 8_000], [80, 2_000]), chat(1, 'sonar-pro', [80, 900], [200, 1_200]),
    ],
    bonus: { kind: 'signup_bonus', amount: '0.5' }, purchase: { pack: 'usd-20' }, buysBelow: '4', stopsBuyingDaysAgo: 0,
  },
  {
    name: 'harbor-support', catalog: 'ninjachat', requestsADay: 90,
    habits: [chat(6, 'gpt-5-mini', [200, 3_000], [40, 800]), chat(3, 'gpt-5', [300, 6_000], [60, 1_500]), calls(0.4, 'search'), images(0.2, 'flux-2-klein')],
    bonus: { kind: 'promotion', amount: '1' }, purchase: { pack: 'credits-1000' }, buysBelow: '5', stopsBuyingDaysAgo: 0,
  },
  {
    name: 'prism-social', catalog: 'pixelcredits', requestsADay: 30,
    habits: [images(6, 'nano-banana-2', resolutions), images(3, 'gpt-image-2'), calls(1, 'sora-2-text-to-video', clips)],
    bonus: { kind: 'signup_bonus', amount: '50' }, purchase: { amount: '2000', paid: { amount: '40', currency: 'USD' } }, buysBelow: '400', stopsBuyingDaysAgo: 0,
  },
  {
    name: 'quill-notes', catalog: 'kyma', requestsADay: 35,
    habits: [
      chat(4, 'deepseek-v4-flash', [400, 8_000], [60, 900], [0, 6_000]), chat(2, 'gemini-3-flash', [300, 5_000], [80, 1_200]),
      metered(2, 'whisper-v3-turbo', 'minutes', [1, 45]), metered(1, 'eleven-flash-v2-5', 'characters', [200, 4_000]),
    ],
    bonus: { kind: 'signup_bonus', amount: '0.5' }, purchase: { pack: 'usd-5' }, buysBelow: '1', stopsBuyingDaysAgo: 0,
  },
  {
    // Lets its credit run out: shows the low-balance warnings, and refused holds.
    name: 'ember-chat', catalog: 'ninjachat', requestsADay: 60,
    habits: [chat(5, 'gpt-5-mini', [100, 2_000], [40, 700]), chat(2, 'claude-sonnet-4.6', [300, 5_000], [60, 1_200])],
    bonus: { kind: 'promotion', amount: '1' }, purchase: { pack: 'credits-1000' }, buysBelow: '3', stopsBuyingDaysAgo: 12,
  },
];
