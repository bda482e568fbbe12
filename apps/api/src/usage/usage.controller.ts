import { Controller, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BillingError } from '#libs/kernel';
import { Handles, Metrics, parseWith, problemOf, type RequestOf } from '#libs/http';
import { AccountOrders, standing } from '../account-orders.js';
import { priceableOf } from '../requests/work.js';
import { reportUsage, usageEvent } from './usage.operations.js';

/** What became of one event of a batch. */
type Result = Readonly<Record<string, unknown>> & { readonly status: number };

/** Usage that was not announced: counted once, priced by when it happened. */
@Controller()
export class UsageController {
  constructor(private readonly orders: AccountOrders, private readonly metrics: Metrics) {}

  @Handles(reportUsage)
  async report(@Req() request: RequestOf<typeof reportUsage>) {
    const events: readonly unknown[] = Array.isArray(request.body) ? request.body : [request.body];
    // An account's commands are carried out in the order they are given, so a batch may be given all at once.
    const outcomes = await Promise.all(events.map((event) => this.record(request, event)));
    const unavailable = outcomes.map(({ error }) => error).filter((error) => error?.kind === 'unavailable');
    if (unavailable[0] && unavailable.length === outcomes.length) throw unavailable[0];
    return { results: outcomes.map(({ result }) => result) };
  }

  private async record(request: FastifyRequest, event: unknown): Promise<{ result: Result; error?: BillingError }> {
    try {
      const { id, source, subject, time, data: { facts, ...work } } = parseWith(usageEvent, event);
      const done = await this.orders.send(request, subject, { type: 'ReportUsage', source, usageId: id, occurredAt: time, facts, ...priceableOf(work) });
      const { answer: { fact, repeated } } = done;
      const cost = fact && 'cost' in fact.data ? fact.data.cost : undefined;
      return { result: { id, source, status: 201, accountId: subject, cost, ...(repeated ? { replayed: true } : {}), ...standing(done) } };
    } catch (error) {
      if (!(error instanceof BillingError)) throw error;
      this.metrics.refused(reportUsage.id, error.code);
      return { result: { ...named(event), ...problemOf(error) }, error };
    }
  }
}

const MOST_OF_A_NAME = 256;

/** As far as it can be told of an event that is wrong. */
const named = (event: unknown): { id: string | null; source?: string } => {
  const { id, source } = (typeof event === 'object' && event !== null ? event : {}) as { readonly id?: unknown; readonly source?: unknown };
  return {
    id: typeof id === 'string' ? id.slice(0, MOST_OF_A_NAME) : null,
    ...(typeof source === 'string' ? { source: source.slice(0, MOST_OF_A_NAME) } : {}),
  };
};
