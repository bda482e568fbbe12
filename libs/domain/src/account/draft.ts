import type { Instant } from '#libs/kernel';
import { formatAmount } from '#libs/money';
import { paymentsOf } from './debt.js';
import type { AccountEventType, AccountFact, BalanceData, DataOf, PartData } from './events.js';
import { evolve } from './evolve.js';
import { balanceOf, type Account, type Part } from './state.js';

/** Events decided so far, and the account they lead to. */
export interface Draft {
  readonly account: Account;
  readonly facts: readonly AccountFact[];
}

/**
 * What a rule states of an event; debt payments and the balance after it follow from the account. A member that is
 * undefined says nothing and is not stored.
 */
export type Stated<Type extends AccountEventType> = Omit<DataOf<Type>, 'balance' | 'debtPaid'>;

/**
 * Adds an event. Credit it makes free pays debt in the same event, oldest first; the balance it leads to is part of it.
 * @param occurredAt where that is not when it is recorded
 */
export const record = <Type extends AccountEventType>(
  { account, facts }: Draft, type: Type, stated: Stated<Type>, recordedAt: Instant, occurredAt?: Instant,
): Draft => {
  const factOf = (data: object): AccountFact =>
    (occurredAt === undefined ? { type, data, recordedAt } : { type, data, recordedAt, occurredAt }) as unknown as AccountFact;
  let data: object = stated;
  let after = evolve(account, factOf(data));
  const paid = after.debt.owed > 0n && after.free > 0n ? paymentsOf(after) : [];
  if (paid.length > 0) {
    data = { ...stated, debtPaid: paid.map(({ grant, from, amount }) => ({ grant, from: formatAmount(from), amount: formatAmount(amount) })) };
    after = evolve(account, factOf(data));
  }
  if (movesMoney(type)) data = { ...data, balance: balanceData(after) };
  return { account: after, facts: [...facts, factOf(data)] };
};

const movesMoney = (type: AccountEventType): boolean => type !== 'AccountOpened' && type !== 'BalanceThresholdCrossed';

export const balanceData = (account: Account): BalanceData => {
  const { remaining, held, debt } = balanceOf(account);
  return { remaining: formatAmount(remaining), held: formatAmount(held), debt: formatAmount(debt) };
};

export const partsData = (parts: readonly Part[]): PartData[] => parts.map(({ grant, amount }) => ({ grant, amount: formatAmount(amount) }));

/** As a member that is left out when there are none. */
export const somePartsData = (parts: readonly Part[]): PartData[] | undefined => (parts.length === 0 ? undefined : partsData(parts));
