import { emptyMap, type Heap, type Instant, type PersistentMap } from '#libs/kernel';
import type { Amount, Unit } from '#libs/money';
import type { UsageRequest } from '../pricing/usage.js';

export type GrantKind = 'purchase' | 'signup_bonus' | 'referral' | 'promotion' | 'refund';

/** Credit that came in at once and is spent, held and expires together: a lot. `amount` = free + held + spent + lost. */
export interface Grant {
  /** `purchase/<id>`, `grant/<id>` or `refund/<id>`. */
  readonly key: string;
  readonly kind: GrantKind;
  readonly amount: Amount;
  readonly priority: number;
  readonly expiresAt: Instant | null;
  readonly createdAt: Instant;
  readonly paid: { readonly amount: Amount; readonly currency: string } | undefined;
  readonly free: Amount;
  readonly held: Amount;
  /** Of a purchase: credit given back against money so far. */
  readonly refunded: Amount;
}

/** An amount in, or out of, one grant. */
export interface Part {
  readonly grant: string;
  readonly amount: Amount;
}

/** The rate card version, and the instant, whose price applies. */
export interface PricePin {
  readonly catalog: string;
  readonly version: number;
  readonly at: Instant;
}

/** Credit reserved for work under way. Only open holds are in the state; closed ones are found through the id index. */
export interface Hold {
  readonly id: string;
  readonly fingerprint: string;
  readonly placedAt: Instant;
  readonly expiresAt: Instant;
  readonly onExcess: 'charge' | 'cap';
  readonly request: UsageRequest | undefined;
  readonly pin: PricePin;
  /** The total asked for, increases included. */
  readonly amount: Amount;
  /** What it holds now, and of which grants, in burn order. */
  readonly held: Amount;
  readonly parts: readonly Part[];
  /** What it was charged so far. */
  readonly charged: Amount;
  /** The last increase, to tell a repeat of it. */
  readonly increase: { readonly fingerprint: string; readonly at: Instant } | undefined;
}

/** A stretch of the debt line: [from, from + amount). */
export interface Stretch {
  readonly from: Amount;
  readonly amount: Amount;
}

/**
 * Unpaid charges, oldest first, as a line: each charge that found no credit lengthened it, payments move `paidTo`
 * along it, refunds cut pieces out. So the state stays small however many charges are unpaid.
 */
export interface DebtLine {
  readonly end: Amount;
  /** All before this is paid or cancelled. */
  readonly paidTo: Amount;
  /** Cancelled pieces beyond `paidTo`, in order, not overlapping. */
  readonly cancelled: readonly Stretch[];
  /** What is owed: the line beyond `paidTo` less what is cancelled of it. */
  readonly owed: Amount;
}

/** What has ever come in and gone out; the account's side of conservation (law 1). */
export interface Totals {
  readonly credited: Amount;
  readonly spent: Amount;
  readonly expired: Amount;
  readonly refundedOut: Amount;
  /** What was paid for purchases less what of it was returned: the tier's input, in the catalog's currency. */
  readonly purchased: Amount;
}

/** Something that ends by itself. */
export interface Due {
  readonly at: Instant;
  readonly kind: 'grant' | 'hold';
  readonly id: string;
}

export interface Account {
  /** Of the last event applied; -1 before the first. */
  readonly revision: number;
  /** Undefined until AccountOpened. */
  readonly terms: AccountTerms | undefined;
  /** `recordedAt` of the last event; the account's time never runs behind it. */
  readonly lastRecordedAt: Instant;
  /** Grants with anything free or held, in burn order. */
  readonly grants: readonly Grant[];
  /** Grants with nothing in them, for what may come back to them. */
  readonly emptyGrants: PersistentMap<Grant>;
  readonly holds: PersistentMap<Hold>;
  readonly free: Amount;
  readonly held: Amount;
  readonly debt: DebtLine;
  readonly totals: Totals;
  /** Ends to come, soonest first; may name what is gone by now (see dues.ts). */
  readonly dues: Heap<Due> | undefined;
}

export interface AccountTerms {
  readonly catalog: string;
  readonly unit: Unit;
  readonly scale: number;
  readonly mode: 'prepaid' | 'postpaid';
  readonly timeZone: string;
  readonly fingerprint: string;
  readonly openedAt: Instant;
}

export const initialAccount: Account = {
  revision: -1,
  terms: undefined,
  lastRecordedAt: '',
  grants: [],
  emptyGrants: emptyMap(),
  holds: emptyMap(),
  free: 0n,
  held: 0n,
  debt: { end: 0n, paidTo: 0n, cancelled: [], owed: 0n },
  totals: { credited: 0n, spent: 0n, expired: 0n, refundedOut: 0n, purchased: 0n },
  dues: undefined,
};

/** The four amounts of a balance. `available` is what a new hold may take; negative for debt. */
export interface Balance {
  readonly remaining: Amount;
  readonly held: Amount;
  readonly available: Amount;
  readonly debt: Amount;
}

export const balanceOf = ({ free, held, debt }: Pick<Account, 'free' | 'held' | 'debt'>): Balance => {
  const available = free - debt.owed;
  return { available, held, remaining: available + held, debt: debt.owed };
};

export const accountStream = (accountId: string): string => `account-${accountId}`;
