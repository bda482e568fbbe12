import { instantOf, type Instant } from '#libs/kernel';
import type { Persona, Work } from './personas.js';
import type { Random } from './random.js';

const DAY_MS = 86_400_000;

/** Requests that were counted elsewhere and are reported after the fact. */
export interface PastRequest {
  readonly id: string;
  readonly time: Instant;
  readonly data: Work & { readonly facts: WorkFacts };
}

export interface WorkFacts {
  readonly statusCode: number;
  readonly latencyMs: number;
  readonly provider: string;
}

const Providers = ['eu-central', 'us-east', 'us-west'] as const;

const factsOf = (random: Random, statusCode = 200): WorkFacts =>
  ({ statusCode, latencyMs: random.skewed(180, 9_000), provider: random.pick(Providers) });

/** Busy by day and on weekdays. */
const volume = (requestsADay: number, dayMs: number, random: Random): number => {
  const weekday = new Date(dayMs).getUTCDay();
  return Math.max(1, Math.round(requestsADay * (weekday === 0 || weekday === 6 ? 0.4 : 1) * (0.7 + 0.6 * random.next())));
};

/** Around the early afternoon, within the day. */
const momentOf = (dayMs: number, random: Random): number => {
  const middle = (random.next() + random.next() + random.next()) / 3;
  return dayMs + Math.floor(middle * DAY_MS);
};

/** A persona's traffic of one day, in the order of time. */
export const requestsOfDay = ({ requestsADay, habits }: Persona, daysAgo: number, today: Instant, random: Random): PastRequest[] => {
  const dayMs = Date.parse(`${today.slice(0, 10)}T00:00:00Z`) - daysAgo * DAY_MS;
  const moments = Array.from({ length: volume(requestsADay, dayMs, random) }, () => momentOf(dayMs, random)).sort((a, b) => a - b);
  return moments.map((moment, at) => ({
    id: `day-${daysAgo}-${at}`, time: instantOf(moment), data: { ...random.weighted(habits).work(random), facts: factsOf(random) },
  }));
};

/** How a hold goes on. */
export type Ending = 'below' | 'above' | 'partial' | 'increased' | 'failed' | 'open';

/** A request that takes a hold before it is done. */
export interface LiveRequest {
  readonly estimate: Work;
  readonly actual: Work;
  readonly ending: Ending;
  readonly facts: WorkFacts;
}

const endings: readonly { readonly weight: number; readonly ending: Ending; readonly share: Range }[] = [
  { weight: 70, ending: 'below', share: [0.2, 0.9] }, { weight: 8, ending: 'above', share: [1.1, 1.6] }, { weight: 7, ending: 'partial', share: [0.5, 0.9] },
  { weight: 5, ending: 'increased', share: [1.1, 1.6] }, { weight: 8, ending: 'failed', share: [0, 0] }, { weight: 2, ending: 'open', share: [0, 0] },
];
type Range = readonly [least: number, most: number];

/** What a worker cannot know beforehand; images and calls are counted before they are made. */
const Unforeseen = new Set(['output_tokens', 'characters', 'minutes']);

/** The same work with a share of what was foreseen. */
export const scaled = ({ usage, ...work }: Work, share: number): Work => ({
  ...work, usage: Object.fromEntries(Object.entries(usage).map(([meter, quantity]) => [meter, Unforeseen.has(meter) ? Math.max(1, Math.round(quantity * share)) : quantity])),
});

export const liveRequest = ({ habits }: Persona, random: Random): LiveRequest => {
  const estimate = random.weighted(habits).work(random);
  const { ending, share: [least, most] } = random.weighted(endings);
  return { estimate, actual: scaled(estimate, least + random.next() * (most - least)), ending, facts: factsOf(random, ending === 'failed' ? random.pick([429, 500, 502, 503, 504]) : 200) };
};
