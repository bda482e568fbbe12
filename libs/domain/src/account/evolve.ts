import { assertNever } from '#libs/kernel';
import { readAmount, sum, type Amount } from '#libs/money';
import { cancel, incur, pay, type DebtPayment } from './debt.js';
import { addDue, dropDeadDues } from './dues.js';
import type { AccountFact, DataOf, PartData } from './events.js';
import { addGrant, changeGrant, inBurnOrder, splitParts } from './grants.js';
import type { Account, Grant, Part, Stretch, Totals } from './state.js';

/** The account after an event, while it is being made: nobody else has it yet, so its members may be replaced. */
type Next = { -readonly [Member in keyof Account]: Account[Member] };

/** Member by member: a spread takes three times as long, and every event of every replay comes through here. */
const copyOf = ({ revision, terms, lastRecordedAt, grants, emptyGrants, holds, free, held, debt, totals, dues }: Account): Next =>
  ({ revision, terms, lastRecordedAt, grants, emptyGrants, holds, free, held, debt, totals, dues });

/** Applies a fact. Never refuses one: what is in the log happened. */
export const evolve = (account: Account, fact: AccountFact): Account => {
  const next = copyOf(account);
  apply(next, fact);
  next.revision += 1;
  next.lastRecordedAt = fact.recordedAt;
  if (next.dues) next.dues = dropDeadDues(next, fact.recordedAt);
  return next;
};

const apply = (next: Next, fact: AccountFact): void => {
  switch (fact.type) {
    case 'AccountOpened': {
      const { catalog, unit, scale, mode, timeZone, fingerprint } = fact.data;
      next.terms = { catalog, unit, scale, mode, timeZone, fingerprint, openedAt: fact.recordedAt };
      return;
    }
    case 'CreditsPurchased': return purchase(next, fact.data, fact.recordedAt);
    case 'CreditsGranted': return give(next, fact.data, fact.recordedAt);
    case 'HoldPlaced': return placeHold(next, fact.data, fact.recordedAt);
    case 'HoldIncreased': return increaseHold(next, fact.data, fact.recordedAt);
    case 'UsageSettled': return settle(next, fact.data);
    case 'HoldReleased':
    case 'HoldExpired':
      closeHold(next, fact.data.holdId, fact.data);
      return payDebt(next, fact.data.debtPaid);
    case 'PackExpired': {
      const lost = readAmount(fact.data.amount);
      free(next, fact.data.grant, -lost);
      return count(next, 'expired', lost);
    }
    case 'RefundIssued': return fact.data.purchase === undefined
      ? refundCharge(next, fact.data, fact.recordedAt)
      : refundPurchase(next, fact.data, fact.data.purchase);
    case 'BalanceThresholdCrossed': return;
    default: return assertNever(fact);
  }
};

const partsOf = (parts: readonly PartData[] | undefined): Part[] =>
  parts ? parts.map(({ grant, amount }) => ({ grant, amount: readAmount(amount) })) : [];
const stretchOf = ({ from, amount }: { from: string; amount: string }): Stretch =>
  ({ from: readAmount(from), amount: readAmount(amount) });
const amountOf = (parts: readonly Part[]): Amount => sum(parts.map(({ amount }) => amount));

/** Reads the debt payments an event states. */
export const paymentsIn = (paid: readonly { grant: string; from: string; amount: string }[] | undefined): DebtPayment[] =>
  paid ? paid.map((payment) => ({ grant: payment.grant, ...stretchOf(payment) })) : [];

const count = (next: Next, total: keyof Totals, amount: Amount): void => {
  if (amount === 0n) return;
  const totals = { ...next.totals };
  totals[total] += amount;
  next.totals = totals;
};

const purchase = (next: Next, data: DataOf<'CreditsPurchased'>, createdAt: string): void => {
  const { grant: key, priority, expiresAt } = data;
  const amount = readAmount(data.amount);
  const paid = { amount: readAmount(data.paid.amount), currency: data.paid.currency };
  credit(next, { key, kind: 'purchase', amount, priority, expiresAt, createdAt, paid });
  count(next, 'credited', amount);
  count(next, 'purchased', paid.amount);
  payDebt(next, data.debtPaid);
};

const give = (next: Next, data: DataOf<'CreditsGranted'>, createdAt: string): void => {
  const { grant: key, kind, priority, expiresAt } = data;
  const amount = readAmount(data.amount);
  credit(next, { key, kind, amount, priority, expiresAt, createdAt, paid: undefined });
  count(next, 'credited', amount);
  payDebt(next, data.debtPaid);
};

/** Adds a grant, all of it free. */
const credit = (next: Next, grant: Omit<Grant, 'free' | 'held' | 'refunded'>): void => {
  addGrant(next, { ...grant, free: grant.amount, held: 0n, refunded: 0n });
  next.free += grant.amount;
  if (grant.expiresAt !== null) next.dues = addDue(next.dues, { at: grant.expiresAt, kind: 'grant', id: grant.key });
};

/** Adds to what is free in a grant. */
const free = (next: Next, key: string, amount: Amount): void => {
  changeGrant(next, key, { free: amount });
  next.free += amount;
};

const takeFree = (next: Next, parts: readonly PartData[] | undefined): void => {
  if (parts) for (const { grant, amount } of parts) free(next, grant, -readAmount(amount));
};

/** Moves parts from free to held. */
const reserve = (next: Next, parts: readonly Part[]): void => {
  for (const { grant, amount } of parts) {
    changeGrant(next, grant, { free: -amount, held: amount });
    next.free -= amount;
    next.held += amount;
  }
};

const payDebt = (next: Next, data: DataOf<'CreditsGranted'>['debtPaid']): void => {
  if (!data) return;
  takeFree(next, data);
  next.debt = pay(next.debt, paymentsIn(data));
};

const placeHold = (next: Next, data: DataOf<'HoldPlaced'>, placedAt: string): void => {
  const { holdId: id, fingerprint, expiresAt, onExcess, request, pin } = data;
  const amount = readAmount(data.amount);
  const parts = partsOf(data.parts);
  reserve(next, parts);
  next.holds = next.holds.set(id, { id, fingerprint, placedAt, expiresAt, onExcess, request, pin, amount, held: amount, parts, charged: 0n, increase: undefined });
  next.dues = addDue(next.dues, { at: expiresAt, kind: 'hold', id });
};

/** The hold that an event belongs to; what changes a hold is only ever recorded of an open one. */
const openHold = ({ holds }: Next, id: string) => {
  const hold = holds.get(id);
  if (!hold) throw new Error(`hold ${id} is not open: the log is not whole`);
  return hold;
};

const increaseHold = (next: Next, data: DataOf<'HoldIncreased'>, at: string): void => {
  const { holdId: id, expiresAt, fingerprint } = data;
  const hold = openHold(next, id);
  const added = partsOf(data.parts);
  reserve(next, added);
  next.holds = next.holds.set(id, {
    ...hold, amount: readAmount(data.amount), held: hold.held + amountOf(added), parts: inBurnOrder(next, [...hold.parts, ...added]),
    expiresAt, increase: { fingerprint, at },
  });
  if (expiresAt !== hold.expiresAt) next.dues = addDue(next.dues, { at: expiresAt, kind: 'hold', id });
};

const settle = (next: Next, data: DataOf<'UsageSettled'>): void => {
  // A late settle, a direct charge and reported usage have no hold any more, or never had one.
  if (data.via === 'hold' && !data.late) {
    if (data.final) closeHold(next, data.chargeId, data);
    else capture(next, data);
  }
  takeFree(next, data.fromFree);
  if (data.owed) next.debt = incur(next.debt, readAmount(data.owed.amount));
  count(next, 'spent', readAmount(data.cost));
  payDebt(next, data.debtPaid);
};

const capture = (next: Next, { chargeId: id, fromHeld, charged }: DataOf<'UsageSettled'>): void => {
  const hold = openHold(next, id);
  const taken = partsOf(fromHeld);
  for (const { grant, amount } of taken) changeGrant(next, grant, { held: -amount });
  const { rest } = splitParts(hold.parts, amountOf(taken));
  const held = amountOf(rest);
  next.held -= hold.held - held;
  next.holds = next.holds.set(id, { ...hold, parts: rest, held, charged: readAmount(charged) });
};

type Closing = Pick<DataOf<'HoldReleased'>, 'released' | 'lapsed'>;

/** A closed hold holds nothing any more; of its parts, those released are free again, the rest is spent or lapsed. */
const closeHold = (next: Next, id: string, { released, lapsed }: Closing): void => {
  const hold = openHold(next, id);
  for (const { grant, amount } of hold.parts) {
    const back = released?.find((part) => part.grant === grant);
    const free = back ? readAmount(back.amount) : 0n;
    changeGrant(next, grant, { held: -amount, free });
    next.free += free;
  }
  next.held -= hold.held;
  if (lapsed) count(next, 'expired', amountOf(partsOf(lapsed)));
  next.holds = next.holds.delete(id);
};

const refundPurchase = (next: Next, { amount, money }: DataOf<'RefundIssued'>, purchaseId: string): void => {
  const back = readAmount(amount);
  changeGrant(next, `purchase/${purchaseId}`, { free: -back, refunded: back });
  next.free -= back;
  count(next, 'refundedOut', back);
  if (money) count(next, 'purchased', -readAmount(money.amount));
};

const refundCharge = (next: Next, { amount, debtCancelled, returned, newGrant, debtPaid }: DataOf<'RefundIssued'>, createdAt: string): void => {
  count(next, 'spent', -readAmount(amount));
  if (debtCancelled) next.debt = cancel(next.debt, debtCancelled.map(stretchOf));
  if (returned) for (const part of returned) free(next, part.grant, readAmount(part.amount));
  if (newGrant) {
    const { grant: key, priority, expiresAt } = newGrant;
    credit(next, { key, kind: 'refund', amount: readAmount(newGrant.amount), priority, expiresAt, createdAt, paid: undefined });
  }
  payDebt(next, debtPaid);
};
