import { formatAmount, readAmount, type Amount } from '#libs/money';
import type { AccountRecord } from '../folding/account-record.js';

/** What was paid for purchases, less what of it was returned: what an account's tier follows from. Bonuses do not count. */
export interface Tier {
  readonly accountId: string;
  readonly purchased: string;
  readonly currency: string;
}

/** Money that came in, or went back (below zero). */
export interface Payment {
  readonly accountId: string;
  readonly amount: Amount;
  readonly currency: string;
}

export const paymentOf = ({ accountId, event }: AccountRecord): Payment | undefined => {
  if (event.type === 'CreditsPurchased') return { accountId, amount: readAmount(event.data.paid.amount), currency: event.data.paid.currency };
  if (event.type === 'RefundIssued' && event.data.money) return { accountId, amount: -readAmount(event.data.money.amount), currency: event.data.money.currency };
  return undefined;
};

export const applyToTier = (tier: Tier | undefined, { accountId, amount, currency }: Payment): Tier =>
  ({ accountId, currency, purchased: formatAmount(readAmount(tier?.purchased ?? '0') + amount) });
