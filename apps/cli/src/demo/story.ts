import { assertNever } from '#libs/kernel';
import { formatAmount, readAmount, sum, type Amount } from '#libs/money';
import { Refused, type ApiClient } from '../client/api-client.js';
import type { Persona, Work } from './personas.js';
import { Random } from './random.js';
import { liveRequest, requestsOfDay, scaled, type LiveRequest } from './traffic.js';

/** Where an account of the demo stands at the end. */
export interface Standing {
  readonly account: string;
  readonly catalog: string;
  readonly requests: number;
  readonly spent: string;
  readonly unit: string;
}

interface Charged { readonly cost: string }
type UsageResult = (Charged & { readonly status: 201; readonly id: string; readonly balance: { readonly available: string } }) | { readonly status: number; readonly code: string; readonly detail?: string };

/** Holds that are placed now, after the month that is reported. */
const LIVE = 40;
const SOURCE = 'demo';

export const stepsOf = (days: number): number => days + LIVE + 1;

/**
 * Plays one customer's month through the public API. Every id follows from the seed, and every choice from the answers,
 * which repeat: so it may be cut off anywhere and run again.
 */
export class Story {
  private readonly random: Random;
  private purchases = 0;
  private requests = 0;
  private readonly costs = new Map<string, Amount>();

  constructor(
    private readonly client: ApiClient, private readonly persona: Persona, private readonly account: string, seed: number,
    private readonly onStep: () => void,
  ) {
    this.random = new Random(`${seed}/${account}`);
  }

  async play(days: number): Promise<Standing> {
    const { catalog } = this.persona;
    const { openedAt, unit } = await this.client.post<{ openedAt: string; unit: string }>('/v1/accounts', { id: this.account, catalog, billing: { mode: 'prepaid' } });
    await this.post('grants', { id: 'welcome', ...this.persona.bonus });
    await this.buy();
    this.onStep();
    for (let daysAgo = days; daysAgo > 0; daysAgo -= 1) {
      await this.day(daysAgo, openedAt);
      this.onStep();
    }
    for (let number = 1; number <= LIVE; number += 1) {
      await this.live(number);
      this.onStep();
    }
    return { account: this.account, catalog, requests: this.requests, spent: formatAmount(sum(this.costs.values())), unit };
  }

  private post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.client.post<Answer>(`/v1/accounts/${this.account}/${path}`, body);
  }

  private async buy(): Promise<void> {
    this.purchases += 1;
    await this.post('purchases', { id: `buy-${this.purchases}`, ...this.persona.purchase });
  }

  /** A day's requests, reported in one batch; then it buys if it runs low, and once in a while has one refunded. */
  private async day(daysAgo: number, openedAt: string): Promise<void> {
    const requests = requestsOfDay(this.persona, daysAgo, openedAt, this.random);
    const events = requests.map((request) => ({ specversion: '1.0', source: SOURCE, type: 'usage', subject: this.account, ...request }));
    const { results } = await this.client.post<{ results: readonly UsageResult[] }>('/v1/usage', events, { contentType: 'application/cloudevents-batch+json' });
    for (const result of results) {
      if ('code' in result) throw new Refused({ ...result }, `usage of ${this.account}`);
      this.count(result.id, result.cost);
    }
    const last = results.at(-1) as Extract<UsageResult, { status: 201 }>;
    if (this.random.chance(0.2)) await this.refund(this.random.pick(requests).id, 'the answer was cut off', SOURCE);
    const { buysBelow, stopsBuyingDaysAgo } = this.persona;
    if (daysAgo > stopsBuyingDaysAgo && readAmount(last.balance.available) < readAmount(buysBelow)) await this.buy();
  }

  /** A request as a gateway does it: hold, work, settle or release. */
  private async live(number: number): Promise<void> {
    const request = liveRequest(this.persona, this.random);
    const charged = this.random.chance(0.15);
    const refunded = this.random.chance(0.05);
    const id = `${charged ? 'call' : 'req'}-${number}`;
    try {
      // The last one is still at work when we look.
      const done = await (charged ? this.charge(id, request) : this.hold(id, number === LIVE ? { ...request, ending: 'open' } : request));
      if (!done) return;
      this.count(id, done.cost);
      if (refunded) await this.refund(id, 'bad output');
    } catch (error) {
      if (!(error instanceof Refused) || !['insufficient_credits', 'overdrawn'].includes(error.problem.code)) throw error;
    }
  }

  private charge(id: string, { actual, facts }: LiveRequest): Promise<Charged> {
    return this.client.post<Charged>('/v1/charges', { id, accountId: this.account, ...actual, facts });
  }

  /** Undefined where nothing was charged. */
  private async hold(id: string, { estimate, actual, ending, facts }: LiveRequest): Promise<Charged | undefined> {
    let held: { readonly costEstimate: string };
    try {
      held = await this.client.post('/v1/holds', { id, accountId: this.account, ...estimate, ttlSeconds: 3_600 });
    } catch (error) {
      if (error instanceof Refused && error.problem.code === 'hold_closed') return this.closedBefore(id);
      throw error;
    }
    const settle = ({ usage }: Work, final = true): Promise<Charged> => this.post(`holds/${id}/settle`, { usage, final, facts });
    switch (ending) {
      case 'open': return undefined;
      case 'failed':
        await this.post(`holds/${id}/release`, { reason: `upstream ${facts.statusCode}`, facts });
        return undefined;
      case 'partial':
        await settle(scaled(actual, 0.5), false);
        return settle(actual);
      case 'increased':
        await this.post(`holds/${id}/increase`, { amount: formatAmount(readAmount(held.costEstimate) * 2n), ttlSeconds: 7_200 });
        return settle(actual);
      case 'below': case 'above': return settle(actual);
      default: return assertNever(ending);
    }
  }

  /** By an earlier run of the demo. */
  private async closedBefore(id: string): Promise<Charged | undefined> {
    const hold = await this.client.get<Charged & { readonly status: string }>(`/v1/accounts/${this.account}/holds/${id}`);
    return hold.status === 'settled' ? hold : undefined;
  }

  private async refund(charge: string, reason: string, source?: string): Promise<void> {
    const { refunded } = await this.post<{ refunded: string }>('refunds', { id: `refund-${charge}`, charge, reason, ...(source === undefined ? {} : { source }) });
    this.costs.set(charge, (this.costs.get(charge) ?? 0n) - readAmount(refunded));
  }

  private count(id: string, cost: string): void {
    this.requests += 1;
    this.costs.set(id, readAmount(cost));
  }
}
