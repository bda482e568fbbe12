import { assertNever } from '#libs/kernel';
import { readAmount, sum, type Amount } from '#libs/money';
import { paidParts } from './debt.js';
import type { AccountFact } from './events.js';
import { paymentsIn } from './evolve.js';
import type { Past, PastFact, PastOf } from './past.js';
import type { Hold, Part, Stretch } from './state.js';

/** All that is known of a hold or charge that the state no longer carries, folded from the events that touched its id. */
export interface ChargeHistory {
  /** The hold as it was placed and increased; undefined for a direct charge or reported usage. */
  readonly hold: Pick<Hold, 'id' | 'fingerprint' | 'placedAt' | 'expiresAt' | 'amount' | 'onExcess' | 'request' | 'pin'> | undefined;
  /** How it ended; of an expired hold settled late, that it was settled. */
  readonly outcome: 'settled' | 'released' | 'expired' | undefined;
  readonly charged: Amount;
  readonly refunded: Amount;
  readonly settles: readonly PastOf<'UsageSettled'>[];
  readonly refunds: readonly PastOf<'RefundIssued'>[];
}

const nothing: ChargeHistory = { hold: undefined, outcome: undefined, charged: 0n, refunded: 0n, settles: [], refunds: [] };

export const chargeHistory = (past: Past, key: string): ChargeHistory | undefined => past.get(key)?.reduce(append, nothing);

/** Of a hold that ends in the decision under way: its end is drafted, and so not in the past yet. */
export const endOf = (hold: Hold, outcome: ChargeHistory['outcome']): ChargeHistory => ({ ...nothing, hold, outcome, charged: hold.charged });

const append = (history: ChargeHistory, fact: PastFact): ChargeHistory => {
  switch (fact.type) {
    case 'HoldPlaced': {
      const { holdId: id, fingerprint, expiresAt, onExcess, request, pin, amount } = fact.data;
      return { ...history, hold: { id, fingerprint, placedAt: fact.recordedAt, expiresAt, onExcess, request, pin, amount: readAmount(amount) } };
    }
    case 'HoldIncreased':
      return { ...history, hold: history.hold && { ...history.hold, amount: readAmount(fact.data.amount), expiresAt: fact.data.expiresAt } };
    case 'HoldReleased': return { ...history, outcome: 'released' };
    case 'HoldExpired': return { ...history, outcome: 'expired' };
    case 'UsageSettled': {
      const { cost, final } = fact.data;
      return {
        ...history, charged: history.charged + readAmount(cost), settles: [...history.settles, fact],
        outcome: final ? 'settled' : history.outcome,
      };
    }
    case 'RefundIssued':
      return { ...history, refunded: history.refunded + readAmount(fact.data.amount), refunds: [...history.refunds, fact] };
    // They touch no charge.
    case 'AccountOpened': case 'CreditsPurchased': case 'CreditsGranted': case 'PackExpired': case 'BalanceThresholdCrossed': return history;
    default: return assertNever(fact);
  }
};

/** The stretches of the debt line this charge made. */
export const debtOf = ({ settles }: ChargeHistory): Stretch[] => settles.flatMap(({ data: { owed } }) =>
  (owed ? [{ from: readAmount(owed.from), amount: readAmount(owed.amount) }] : []));

/**
 * What the charge has taken and not given back, by grant: at its settles, and by later payments of its debt.
 * @param payers all events that paid debt
 */
export const partsStanding = (history: ChargeHistory, payers: readonly AccountFact[]): Part[] => {
  const standing = new Map<string, Amount>();
  const add = (grant: string, amount: Amount): void => void standing.set(grant, (standing.get(grant) ?? 0n) + amount);
  for (const { data } of history.settles) {
    for (const { grant, amount } of [...data.fromHeld ?? [], ...data.fromFree ?? []]) add(grant, readAmount(amount));
  }
  const payments = payers.flatMap(({ data }) => ('debtPaid' in data ? paymentsIn(data.debtPaid) : []));
  for (const { grant, amount } of paidParts(debtOf(history), payments)) add(grant, amount);
  for (const { data } of history.refunds) for (const { grant, amount } of data.undone ?? []) add(grant, -readAmount(amount));
  return [...standing].filter(([, amount]) => amount > 0n).map(([grant, amount]) => ({ grant, amount }));
};

export const total = (parts: readonly { readonly amount: string }[] | undefined): Amount =>
  (parts ? sum(parts.map(({ amount }) => readAmount(amount))) : 0n);
