import { BillingError } from '#libs/kernel';
import type { TraceOrder } from '#libs/commands';
import type { Span, Tracing } from './tracing.js';

/** A span for each command to an account; its context goes into the envelopes of the events that the command leads to. */
export const traceOrders = (tracing: Tracing): TraceOrder => async ({ accountId, command, origin }, carryOut) => {
  const span = tracing.start({
    name: command.type, kind: 'internal', parent: origin.traceparent, attributes: { 'meterbook.command': command.type, 'meterbook.account_id': accountId },
  });
  try {
    const outcome = await carryOut({ ...origin, traceparent: span.traceparent });
    const { answer: { revision, repeated } } = outcome;
    span.set({ 'meterbook.outcome': repeated ? 'repeated' : 'done', 'meterbook.revision': revision });
    span.end();
    return outcome;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
};

/** A refusal is an answer of the domain; only what could not be carried out is a failure. */
const endFailed = (span: Span, error: unknown): void => {
  const isRefusal = error instanceof BillingError && error.kind !== 'unavailable';
  span.set({ 'meterbook.outcome': isRefusal ? 'refused' : 'failed', 'error.type': error instanceof BillingError ? error.code : 'internal_error' });
  span.end(isRefusal ? undefined : error);
};
