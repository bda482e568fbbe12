import { BillingError, type ErrorKind, type Facts } from '#libs/kernel';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.js';

/** An RFC 9457 problem document; what else an error states stands beside these members. */
export interface Problem extends Record<string, unknown> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** The one place that knows HTTP's numbers for refusals: a new kind does not compile until it has one. */
const STATUS: Record<ErrorKind, number> = {
  invalid: 400, unauthenticated: 401, insufficient: 402, forbidden: 403, not_found: 404, conflict: 409, too_large: 413,
  unsupported_media: 415, unpriced: 422, limited: 429, unavailable: 503,
};

export const statusOf = (code: ProblemCode): number => {
  const [kind] = PROBLEM_CODES[code];
  return typeof kind === 'number' ? kind : STATUS[kind];
};

/** `insufficient_credits` is titled "Insufficient credits". */
const titleOf = (code: string): string => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');

const problemWith = (status: number, code: string, facts: Facts): Problem => {
  const own = { type: `/problems/${code}`, title: titleOf(code), status, ...(typeof facts.detail === 'string' ? { detail: facts.detail } : {}), code };
  return { ...own, ...facts, ...own };
};

/** @param facts shown beside the members every problem has; `detail` among them is a sentence for people */
export const problem = (code: ProblemCode, facts: Facts): Problem => problemWith(statusOf(code), code, facts);

export const problemOf = ({ kind, code, facts }: BillingError): Problem => problemWith(STATUS[kind], code, facts);

/** Seconds after which it makes sense to ask again; undefined where asking again does not help by itself. */
export const retryAfterOf = ({ status, retryAfterSeconds }: Problem): number | undefined =>
  typeof retryAfterSeconds === 'number' ? retryAfterSeconds : status === 503 ? 1 : undefined;

export const invalidRequest = (path: string, message: string): BillingError =>
  new BillingError('invalid', 'invalid_request', { detail: `${path}: ${message}`, errors: [{ path, message }] });
