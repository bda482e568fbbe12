import { readAmount, type Amount } from '#libs/money';
import type { CatalogTerms } from './schema.js';

/** A low-balance warning and when it holds. */
export interface Threshold {
  readonly warning: string;
  readonly operator: 'below' | 'at_or_below';
  readonly amount: Amount;
}

export const thresholdsOf = (thresholds: CatalogTerms['thresholds']): readonly Threshold[] =>
  thresholds.map(({ warning, operator, amount }) => ({ warning, operator, amount: readAmount(amount) }));

export const isCrossed = ({ operator, amount }: Threshold, available: Amount): boolean =>
  operator === 'below' ? available < amount : available <= amount;

/** The most severe warning that holds at this much available credit. */
export const warningAt = (thresholds: readonly Threshold[], available: Amount): Threshold | undefined =>
  thresholds.findLast((threshold) => isCrossed(threshold, available));
