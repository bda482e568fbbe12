import { addMs, type Instant } from '#libs/kernel';
import { readAmount, sum, type Amount } from '#libs/money';
import { paidParts } from './debt.js';
import { paymentsIn } from './evolve.js';
import { DEBT_KEY } from './ids.js';
import type { Past, PastFact, PastOf } from './past.js';
import type { Hold, Part, Stretch } from './state.js';

/** All that is known of a hold or charge that the state no longer carries, folded from the events that touched its id. */
export interface ChargeHistory {
  /** The event that used the id first. */
  readonly first: PastFact;
  /** The hold as it was placed and increased; undefined for a direct charge or reported usage. */
  readonly hold: Pick<Hold, 'id' | 'fingerprint' | 'placedAt' | 'expiresAt' | 'amount' | 'onExcess' | 'request' | 'pin'> | undefined;
  readonly outcome: 'settled' | 'released' | 'expired' | undefined;
  /** The event that ended it; of an expired hold settled late, that settle. */
  readonly closing: PastFact | undefined;
  readonly settles: readonly PastOf<'UsageSettled'>[];
  readonly charged: Amount;
  readonly refunded: Amount;
}

export const chargeHistory = (past: Past, key: string): ChargeHistory | undefined => {
  const facts = past.get(key);
  const first = facts?.[0];
  if (!facts || !first) return undefined;
  let history: ChargeHistory = { first, hold: undefined, outcome: undefined, closing: undefined, settles: [], charged: 0n, refunded: 0n };
  for (const fact of facts) history = append(history, fact);
  return history;
};

const append = (history: ChargeHistory, fact: PastFact): ChargeHistory => {
  switch (fact.type) {
    case 'HoldPlaced': {
      const { holdId: id, fingerprint, expiresAt, onExcess, request, pin, amount } = fact.data;
      return { ...history, hold: { id, fingerprint, placedAt: fact.recordedAt, expiresAt, onExcess, request, pin, amount: readAmount(amount) } };
    }
    case 'HoldIncreased':
      return { ...history, hold: history.hold && { ...history.hold, amount: readAmount(fact.data.amount), expiresAt: fact.data.expiresAt } };
    case 'HoldReleased': return { ...history, outcome: 'released', closing: fact };
    case 'HoldExpired': return { ...history, outcome: 'expired', closing: fact };
    case 'UsageSettled': {
      const settles = [...history.settles, fact];
      const charged = history.charged + readAmount(fact.data.cost);
      return fact.data.final ? { ...history, settles, charged, outcome: 'settled', closing: fact } : { ...history, settles, charged };
    }
    case 'RefundIssued': return { ...history, refunded: history.refunded + readAmount(fact.data.amount) };
    default: return history;
  }
};

/** The stretches of the debt line this charge made. */
export const debtOf = (history: ChargeHistory): Stretch[] => history.settles.flatMap(({ data: { owed } }) =>
  (owed ? [{ from: readAmount(owed.from), amount: readAmount(owed.amount) }] : []));

/** What the charge has taken and not given back, by grant: at its settles, and by later payments of its debt. */
export const partsStanding = (history: ChargeHistory, past: Past, key: string): Part[] => {
  const payments = (past.get(DEBT_KEY) ?? []).flatMap(({ data }) => ('debtPaid' in data ? paymentsIn(data.debtPaid) : []));
  const undone = (past.get(key) ?? []).flatMap((fact) => (fact.type === 'RefundIssued' ? fact.data.undone ?? [] : []));
  const standing = new Map<string, Amount>();
  const add = (grant: string, amount: Amount): void => void standing.set(grant, (standing.get(grant) ?? 0n) + amount);
  for (const { data } of history.settles) {
    for (const { grant, amount } of [...data.fromHeld ?? [], ...data.fromFree ?? []]) add(grant, readAmount(amount));
  }
  for (const { grant, amount } of paidParts(debtOf(history), payments)) add(grant, amount);
  for (const { grant, amount } of undone) add(grant, -readAmount(amount));
  return [...standing].filter(([, amount]) => amount > 0n).map(([grant, amount]) => ({ grant, amount }));
};

/** Until when (exclusive) an expired hold can still be settled. */
export const lateUntil = (expiresAt: Instant, lateWindowMs: number): Instant => addMs(expiresAt, lateWindowMs);

export const total = (parts: readonly { readonly amount: string }[] | undefined): Amount =>
  (parts ? sum(parts.map(({ amount }) => readAmount(amount))) : 0n);
