import { readAmount, type Amount } from '#libs/money';

/** A low-balance warning of a catalog; those later in the list are the graver. */
export interface Threshold {
  readonly warning: string;
  readonly operator: 'below' | 'at_or_below';
  readonly amount: string;
}

export const holdsAt = (available: Amount, operator: Threshold['operator'], threshold: Amount): boolean =>
  (operator === 'below' ? available < threshold : available <= threshold);

/** The gravest warning that holds at this much available credit, or null. */
export const warningAt = (available: Amount, thresholds: readonly Threshold[]): Threshold | null =>
  thresholds.findLast(({ operator, amount }) => holdsAt(available, operator, readAmount(amount))) ?? null;
