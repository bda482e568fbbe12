import { formatAmount, sum } from '#libs/money';
import type { Account } from './state.js';

/** The first difference between what the state adds up to and what its laws demand, or undefined (law 1). */
export const imbalanceOf = ({ free, held, debt, totals, grants, emptyGrants, holds: openHolds, lastRecordedAt }: Account): string | undefined => {
  const holds = [...openHolds.values()];
  const remaining = free + held - debt.owed;
  const explained = totals.credited - totals.spent - totals.expired - totals.refundedOut;
  if (remaining !== explained) return `remaining ${formatAmount(remaining)} is not credited − spent − expired − refunded = ${formatAmount(explained)}`;
  if (free > 0n && debt.owed > 0n) return 'free credit stands beside debt';
  if (debt.owed !== debt.end - debt.paidTo - sum(debt.cancelled.map(({ amount }) => amount))) return 'the debt line does not add up to what is owed';
  if (sum(grants.map((grant) => grant.free)) !== free) return 'free credit of the grants does not add up';
  if (sum(grants.map((grant) => grant.held)) !== held) return 'held credit of the grants does not add up';
  for (const grant of grants) {
    if (grant.free < 0n || grant.held < 0n) return `grant ${grant.key} is below zero`;
    if (grant.free > 0n && grant.expiresAt !== null && grant.expiresAt < lastRecordedAt) return `grant ${grant.key} is over and still has free credit`;
    const parts = holds.flatMap((hold) => hold.parts).filter((part) => part.grant === grant.key);
    if (sum(parts.map(({ amount }) => amount)) !== grant.held) return `open holds do not hold what grant ${grant.key} says`;
  }
  for (const grant of emptyGrants.values()) if (grant.free !== 0n || grant.held !== 0n) return `grant ${grant.key} is not empty`;
  const unlike = holds.find((hold) => sum(hold.parts.map(({ amount }) => amount)) !== hold.held);
  return unlike && `the parts of hold ${unlike.id} do not add up`;
};
