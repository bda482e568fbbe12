import { assertNever, type Instant } from '#libs/kernel';
import { formatAmount, readAmount, sum } from '#libs/money';
import type { AccountEvent, BalanceData, PartData } from '#libs/domain';
import type { AccountRecord } from '../folding/account-record.js';

export type TransactionType = 'purchase' | 'grant' | 'refund' | 'expiry' | 'lapse';

/**
 * Credit that came or went otherwise than by usage. The amounts of an account's transactions, less the costs in its usage
 * log, are what remains.
 */
export interface Transaction {
  readonly accountId: string;
  readonly revision: number;
  readonly at: Instant;
  readonly type: TransactionType;
  /** The caller's id of a purchase, grant or refund; the grant that expired; the hold whose credit lapsed. */
  readonly id: string;
  /** What `remaining` changed by: below zero for credit that went. */
  readonly amount: string;
  readonly remaining: string;
  readonly held: string;
  readonly debt: string;
  /** Money that came in, or went back (below zero). */
  readonly paid: { readonly amount: string; readonly currency: string } | undefined;
  readonly pack: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

type Stated = Omit<Transaction, 'accountId' | 'revision' | 'at' | 'remaining' | 'held' | 'debt'> & { readonly balance: BalanceData };

/** @returns undefined for an event that moves no credit but by usage */
export const transactionOf = ({ accountId, revision, recordedAt, event }: AccountRecord): Transaction | undefined => {
  const stated = state(event);
  if (!stated) return undefined;
  const { balance: { remaining, held, debt }, ...rest } = stated;
  return { accountId, revision, at: recordedAt, remaining, held, debt, ...rest };
};

const state = (event: AccountEvent): Stated | undefined => {
  switch (event.type) {
    case 'CreditsPurchased': {
      const { purchaseId: id, amount, paid, pack, validity, priority, expiresAt, balance } = event.data;
      return { type: 'purchase', id, amount, paid, pack, balance, details: { validity, priority, expiresAt } };
    }
    case 'CreditsGranted': {
      const { grantId: id, amount, kind, reason, priority, expiresAt, balance } = event.data;
      return { type: 'grant', id, amount, paid: undefined, pack: undefined, balance, details: { kind, reason, priority, expiresAt } };
    }
    case 'RefundIssued': {
      const { refundId: id, amount, money, charge, source, purchase, reason, newGrant, balance } = event.data;
      const common = { type: 'refund', id, pack: undefined, balance } as const;
      if (purchase === undefined) return { ...common, amount, paid: undefined, details: { charge, source, reason, newGrant } };
      return { ...common, amount: negative(amount), paid: money && { ...money, amount: negative(money.amount) }, details: { purchase, reason } };
    }
    case 'PackExpired': {
      const { grant: id, amount, balance } = event.data;
      return { type: 'expiry', id, amount: negative(amount), paid: undefined, pack: undefined, balance, details: {} };
    }
    case 'UsageSettled': return lapse(event.data.chargeId, event.data);
    case 'HoldReleased': case 'HoldExpired': return lapse(event.data.holdId, event.data);
    case 'AccountOpened': case 'HoldPlaced': case 'HoldIncreased': case 'BalanceThresholdCrossed': return undefined;
    default: return assertNever(event);
  }
};

/** Credit that came back from a hold to grants that had ended meanwhile. */
const lapse = (id: string, { lapsed, balance }: { readonly lapsed?: readonly PartData[] | undefined; readonly balance: BalanceData }): Stated | undefined => {
  if (!lapsed?.length) return undefined;
  const amount = formatAmount(-sum(lapsed.map((part) => readAmount(part.amount))));
  return { type: 'lapse', id, amount, paid: undefined, pack: undefined, balance, details: { grants: lapsed } };
};

const negative = (amount: string): string => formatAmount(-readAmount(amount));
