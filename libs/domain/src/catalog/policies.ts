import type { CatalogTerms } from './schema.js';

/** How holds and refunds behave where nothing else is asked for. */
export interface Policies {
  readonly holdTtlMs: number;
  /** How long after its end a hold can still be settled. */
  readonly lateWindowMs: number;
  /** How long credit lasts that is refunded into an expired grant. */
  readonly refundValidDays: number;
}

export const DEFAULT_POLICIES: Policies = { holdTtlMs: 15 * 60_000, lateWindowMs: 24 * 3_600_000, refundValidDays: 30 };

export const policiesOf = ({ holdTtlSeconds, lateWindowSeconds, refundValidDays }: CatalogTerms['policies']): Policies => ({
  holdTtlMs: holdTtlSeconds === undefined ? DEFAULT_POLICIES.holdTtlMs : holdTtlSeconds * 1_000,
  lateWindowMs: lateWindowSeconds === undefined ? DEFAULT_POLICIES.lateWindowMs : lateWindowSeconds * 1_000,
  refundValidDays: refundValidDays ?? DEFAULT_POLICIES.refundValidDays,
});
