import { status as Code, type ServiceError } from '@grpc/grpc-js';
import { BillingError } from '#libs/kernel';
import { appendTooLarge } from '../append-bytes.js';
import { forUrl, type Address } from './settings.js';

/** The server did not answer, or not to the point. It may have done what it was asked; asked again, it may answer. */
export class Unanswered extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unanswered';
  }
}

/** One append was not carried out in time, which says nothing of others: a repeat of what is not replicated yet never is. */
export class Undecided extends Unanswered {}

/**
 * The server had more for a subscription than its reader took, and ended it: up to 23.10 it does at some 64 events, once the
 * subscription is live. Later ones go back to reading for it.
 */
export class TooSlow extends Unanswered {}

/** The node does not lead, or not yet, or no more: asked again it says the same, maybe for ever, while another one leads. */
export class NotLeading extends Unanswered {
  /** @param leader where to ask instead, as far as the node knows. */
  constructor(message: string, readonly leader?: Address, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotLeading';
  }
}

const isServiceError = (error: unknown): error is ServiceError => error instanceof Error && typeof (error as Partial<ServiceError>).code === 'number';

/** Calls that end with one of these may go well another time, or elsewhere. */
const PASSING = new Set<Code>([
  Code.CANCELLED, Code.UNKNOWN, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.UNAVAILABLE, Code.DATA_LOSS,
]);

const fact = ({ metadata }: ServiceError, key: string): string => String((metadata as ServiceError['metadata'] | undefined)?.get(key)[0] ?? '');

/** What the error that ended a call means. */
export const callFault = (error: unknown): Error => {
  if (!isServiceError(error)) return error as Error;
  const exception = fact(error, 'exception');
  if (exception === 'not-leader') {
    const leader = { address: forUrl(fact(error, 'leader-endpoint-host')), port: Number(fact(error, 'leader-endpoint-port')) };
    return new NotLeading('this node does not lead', leader, { cause: error });
  }
  if (saysItLeadsNot(error.details)) return new NotLeading(error.details, undefined, { cause: error });
  if (exception === 'access-denied' || error.code === Code.UNAUTHENTICATED || error.code === Code.PERMISSION_DENIED) return accessDenied(error);
  if (error.code === Code.ABORTED) return new TooSlow(error.details || error.message, { cause: error });
  return PASSING.has(error.code) ? new Unanswered(error.details || error.message, { cause: error }) : error;
};

/** What the error means that ended a call in which each request is answered by itself: nothing about any of them. */
export const streamFault = (error: unknown): Error => {
  const fault = callFault(error);
  return fault instanceof Unanswered || fault instanceof BillingError ? fault : new Unanswered(fault.message, { cause: fault });
};

/**
 * How a node puts it that cannot name another one: while it starts, while there is an election, and when it is cut off from
 * the others. The same words end a call and refuse a single append; there is no code for it.
 */
const saysItLeadsNot = (message: string): boolean => /not ready|no leader info/i.test(message);

/** What refused one append, where it would refuse all. */
export const nodeFault = (message: string): NotLeading | undefined => (saysItLeadsNot(message) ? new NotLeading(message) : undefined);

/** What the reason means that a server gave for refusing one append. */
export const refusalFault = (stream: string, reason: string, message: string): Error => {
  if (reason === 'AccessDenied') return accessDenied(new Error(`EventStoreDB denies writing to ${stream}`));
  if (reason === 'StreamDeleted') return new Error(`stream ${stream} was deleted from the log`);
  if (reason === 'BadRequest') return new Error(`EventStoreDB cannot take this append to ${stream}: ${message}`);
  if (reason === 'MaximumAppendSizeExceeded' || reason === 'MaximumAppendEventSizeExceeded') return appendTooLarge(stream);
  if (reason === 'Timeout') return new Undecided('the server gave up on the append');
  return new Unanswered(message || `EventStoreDB answered ${reason || 'nothing'}`);
};

/** Unavailable like a log that cannot be reached, until somebody corrects its settings. */
const accessDenied = (cause: Error): BillingError => unavailable('The event log refuses the credentials it was given.', cause);

const unavailable = (detail: string, cause: unknown): BillingError => {
  const error = new BillingError('unavailable', 'log_unavailable', { detail });
  error.cause = cause;
  return error;
};

/** What a caller of the log gets: what it can do something about as it is, and all that may pass as unavailability. */
export const logError = (error: unknown): unknown =>
  error instanceof Unanswered ? unavailable('The event log cannot be reached right now.', error) : error;

export const logClosed = (): BillingError => unavailable('The event log is closed.', undefined);

export const ignored = (): void => undefined;
