import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, Problem } from '../client/api-client.js';
import { Failure } from '#libs/process';
import type { Item } from './batches.js';
import type { UsageEvent } from './usage-event.js';

/** What the engine made of one event. */
type Result =
  | { readonly status: 201; readonly cost: string; readonly replayed?: boolean; readonly balance: { readonly unit: string } }
  | Problem;

/** What became of a row. */
export type Outcome =
  | { readonly kind: 'billed' | 'repeated'; readonly cost: string; readonly unit: string }
  | { readonly kind: 'rejected'; readonly reason: string };

const CLOUD_EVENTS = 'application/cloudevents-batch+json';
const PauseMs = 500;
const isBilled = (result: Result): result is Extract<Result, { status: 201 }> => result.status === 201;

/** Sends a batch until each of its events is answered for good; safe to repeat, an event counts once by its id. */
export const sendBatch = async (client: ApiClient, items: readonly Item[], signal: AbortSignal): Promise<Outcome[]> => {
  const outcomes: (Outcome | undefined)[] = items.map(({ refusal }) => (refusal === undefined ? undefined : { kind: 'rejected', reason: refusal }));
  for (;;) {
    const open = [...outcomes.keys()].filter((index) => outcomes[index] === undefined);
    if (open.length === 0) return outcomes as Outcome[];
    const events = open.map((index) => items[index]?.event as UsageEvent);
    const { results } = await client.post<{ results: readonly Result[] }>('/v1/usage', events, { contentType: CLOUD_EVENTS });
    for (const [index, result] of results.entries()) outcomes[open[index] as number] = outcomeOf(result, events[index] as UsageEvent);
    // The log took some of them and not others; the others are sent again.
    if (outcomes.includes(undefined)) await sleep(PauseMs, undefined, { signal });
  }
};

/** Undefined: it has to be sent again. */
const outcomeOf = (result: Result, { subject }: UsageEvent): Outcome | undefined => {
  if (isBilled(result)) return { kind: result.replayed ? 'repeated' : 'billed', cost: result.cost, unit: result.balance.unit };
  const { status, code, title, detail = title ?? 'no reason given' } = result;
  if (status === 503) return undefined;
  // True of every row, so no row is worth rejecting.
  if (status === 404) throw new Failure(`There is no account ${subject}; open it first (POST /v1/accounts).`);
  return { kind: 'rejected', reason: `${code}: ${detail}` };
};
