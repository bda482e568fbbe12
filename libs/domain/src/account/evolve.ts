import { assertNever } from '#libs/kernel';
import { formatAmount, readAmount, sum, type Amount } from '#libs/money';
import { cancel, incur, pay, type DebtPayment } from './debt.js';
import { addDue, dropDeadDues } from './dues.js';
import type { AccountFact, DataOf, PartData } from './events.js';
import { addGrant, changeGrant, inBurnOrder, splitParts } from './grants.js';
import type { Account, Grant, GrantKind, Hold, Part, Stretch, Totals } from './state.js';

/** Applies a fact. Never refuses one: what is in the log happened. */
export const evolve = (account: Account, fact: AccountFact): Account => {
  const next = apply(account, fact);
  const changed = { ...next, revision: account.revision + 1, lastRecordedAt: fact.recordedAt };
  return changed.dues ? { ...changed, dues: dropDeadDues(changed, fact.recordedAt) } : changed;
};

const apply = (account: Account, fact: AccountFact): Account => {
  switch (fact.type) {
    case 'AccountOpened': {
      const { catalog, unit, scale, mode, timeZone, fingerprint } = fact.data;
      return { ...account, terms: { catalog, unit, scale, mode, timeZone, fingerprint, openedAt: fact.recordedAt } };
    }
    case 'CreditsPurchased': {
      const { grant: key, amount, priority, expiresAt, paid, debtPaid } = fact.data;
      const money = { amount: readAmount(paid.amount), currency: paid.currency };
      const with_ = credit(account, { key, kind: 'purchase', amount: readAmount(amount), priority, expiresAt, createdAt: fact.recordedAt, paid: money });
      return payDebt(count(with_, { credited: readAmount(amount), purchased: money.amount }), debtPaid);
    }
    case 'CreditsGranted': {
      const { grant: key, kind, amount, priority, expiresAt, debtPaid } = fact.data;
      const with_ = credit(account, { key, kind, amount: readAmount(amount), priority, expiresAt, createdAt: fact.recordedAt, paid: undefined });
      return payDebt(count(with_, { credited: readAmount(amount) }), debtPaid);
    }
    case 'HoldPlaced': return placeHold(account, fact.data, fact.recordedAt);
    case 'HoldIncreased': return increaseHold(account, fact.data, fact.recordedAt);
    case 'UsageSettled': return settle(account, fact.data);
    case 'HoldReleased':
    case 'HoldExpired': return payDebt(closeHold(account, fact.data.holdId, fact.data), fact.data.debtPaid);
    case 'PackExpired': {
      const lost = readAmount(fact.data.amount);
      return count(free(account, fact.data.grant, -lost), { expired: lost });
    }
    case 'RefundIssued': return refund(account, fact.data, fact.recordedAt);
    case 'BalanceThresholdCrossed': return account;
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

const count = (account: Account, add: Partial<Totals>): Account => {
  const { totals } = account;
  return { ...account, totals: {
    credited: totals.credited + (add.credited ?? 0n), spent: totals.spent + (add.spent ?? 0n),
    expired: totals.expired + (add.expired ?? 0n), refundedOut: totals.refundedOut + (add.refundedOut ?? 0n),
    purchased: totals.purchased + (add.purchased ?? 0n),
  } };
};

type NewGrant = Omit<Grant, 'free' | 'held' | 'refunded'> & { readonly kind: GrantKind };

const credit = (account: Account, grant: NewGrant): Account => ({
  ...account, ...addGrant(account, { ...grant, free: grant.amount, held: 0n, refunded: 0n }), free: account.free + grant.amount,
  dues: grant.expiresAt === null ? account.dues : addDue(account.dues, { at: grant.expiresAt, kind: 'grant', id: grant.key }),
});

/** Adds to what is free in a grant. */
const free = (account: Account, key: string, amount: Amount): Account => ({
  ...account, ...changeGrant(account, key, (grant) => ({ ...grant, free: grant.free + amount })), free: account.free + amount,
});

const takeFromFree = (account: Account, parts: readonly Part[]): Account =>
  parts.reduce((after, { grant, amount }) => free(after, grant, -amount), account);

const payDebt = (account: Account, data: DataOf<'CreditsGranted'>['debtPaid']): Account => {
  if (!data) return account;
  const paid = paymentsIn(data);
  return { ...takeFromFree(account, paid), debt: pay(account.debt, paid) };
};

/** Moves parts from free to held. */
const reserve = (account: Account, parts: readonly Part[]): Account =>
  parts.reduce((after, { grant: key, amount }) => ({
    ...after, ...changeGrant(after, key, (grant) => ({ ...grant, free: grant.free - amount, held: grant.held + amount })),
    free: after.free - amount, held: after.held + amount,
  }), account);

/** Takes parts out of held, into nothing (spent or lapsed) or back to free. */
const unreserve = (account: Account, parts: readonly Part[], back: boolean): Account =>
  parts.reduce((after, { grant: key, amount }) => {
    const freed = back ? amount : 0n;
    return {
      ...after, ...changeGrant(after, key, (grant) => ({ ...grant, held: grant.held - amount, free: grant.free + freed })),
      free: after.free + freed, held: after.held - amount,
    };
  }, account);

const placeHold = (account: Account, data: DataOf<'HoldPlaced'>, at: string): Account => {
  const parts = partsOf(data.parts);
  const { holdId: id, fingerprint, expiresAt, onExcess, request, pin } = data;
  const amount = readAmount(data.amount);
  const hold: Hold = { id, fingerprint, placedAt: at, expiresAt, onExcess, request, pin, amount, held: amount, parts, charged: 0n, increase: undefined };
  const reserved = reserve(account, parts);
  return { ...reserved, holds: account.holds.set(id, hold), dues: addDue(account.dues, { at: expiresAt, kind: 'hold', id }) };
};

const increaseHold = (account: Account, data: DataOf<'HoldIncreased'>, at: string): Account => {
  const { holdId: id, expiresAt, fingerprint } = data;
  const hold = account.holds.get(id) as Hold;
  const added = partsOf(data.parts);
  const after = reserve(account, added);
  const raised: Hold = {
    ...hold, amount: readAmount(data.amount), held: hold.held + amountOf(added), parts: inBurnOrder(after, [...hold.parts, ...added]),
    expiresAt, increase: { fingerprint, at },
  };
  const dues = expiresAt === hold.expiresAt ? after.dues : addDue(after.dues, { at: expiresAt, kind: 'hold', id });
  return { ...after, holds: after.holds.set(id, raised), dues };
};

const settle = (account: Account, data: DataOf<'UsageSettled'>): Account => {
  const fromHeld = partsOf(data.fromHeld);
  let after = takeFromFree(unreserve(account, fromHeld, false), partsOf(data.fromFree));
  if (data.owed) after = { ...after, debt: incur(after.debt, readAmount(data.owed.amount)) };
  after = count(after, { spent: readAmount(data.cost) });
  const hold = data.via === 'hold' ? account.holds.get(data.chargeId) : undefined;
  if (hold && data.final) after = closeHold(after, hold.id, data);
  else if (hold) {
    const rest = splitParts(hold.parts, amountOf(fromHeld)).rest;
    const kept: Hold = { ...hold, parts: rest, held: amountOf(rest), charged: readAmount(data.charged) };
    after = { ...after, holds: after.holds.set(hold.id, kept) };
  }
  return payDebt(after, data.debtPaid);
};

const closeHold = (account: Account, id: string, { released, lapsed }: { released?: PartData[] | undefined; lapsed?: PartData[] | undefined }): Account => {
  const gone = partsOf(lapsed);
  const after = unreserve(unreserve(account, partsOf(released), true), gone, false);
  const closed = { ...after, holds: after.holds.delete(id) };
  return gone.length === 0 ? closed : count(closed, { expired: amountOf(gone) });
};

const refund = (account: Account, data: DataOf<'RefundIssued'>, at: string): Account => {
  const amount = readAmount(data.amount);
  if (data.purchase !== undefined) {
    const key = `purchase/${data.purchase}`;
    const without = free(account, key, -amount);
    const noted = { ...without, ...changeGrant(without, key, (grant) => ({ ...grant, refunded: grant.refunded + amount })) };
    return count(noted, { refundedOut: amount, purchased: -readAmount(data.money?.amount ?? '0') });
  }
  let after: Account = count(account, { spent: -amount });
  if (data.debtCancelled) after = { ...after, debt: cancel(after.debt, data.debtCancelled.map(stretchOf)) };
  for (const { grant, amount: back } of partsOf(data.returned)) after = free(after, grant, back);
  if (data.newGrant) {
    const { grant: key, priority, expiresAt } = data.newGrant;
    after = credit(after, { key, kind: 'refund', amount: readAmount(data.newGrant.amount), priority, expiresAt, createdAt: at, paid: undefined });
  }
  return payDebt(after, data.debtPaid);
};

/** The first difference between what the state adds up to and what its laws demand, or undefined (law 1). */
export const imbalanceOf = (account: Account): string | undefined => {
  const { free: isFree, held, debt, totals, grants, holds } = account;
  const remaining = isFree + held - debt.owed;
  const explained = totals.credited - totals.spent - totals.expired - totals.refundedOut;
  if (remaining !== explained) return `remaining ${formatAmount(remaining)} is not credited − spent − expired − refunded = ${formatAmount(explained)}`;
  if (isFree > 0n && debt.owed > 0n) return 'free credit stands beside debt';
  if (sum(grants.map((grant) => grant.free)) !== isFree) return 'free credit of the grants does not add up';
  if (sum(grants.map((grant) => grant.held)) !== held) return 'held credit of the grants does not add up';
  if (sum([...holds.values()].map((hold) => hold.held)) !== held) return 'open holds do not add up to what is held';
  if (grants.some((grant) => grant.free < 0n || grant.held < 0n)) return 'a grant is below zero';
  const lapsed = grants.find(({ free: left, expiresAt }) => left > 0n && expiresAt !== null && expiresAt < account.lastRecordedAt);
  return lapsed && `grant ${lapsed.key} is over and still has free credit`;
};

