import { assertNever, type Instant } from '#libs/kernel';
import { formatAmount, readAmount, type Amount } from '#libs/money';
import { burnsBefore, type AccountEvent, type BalanceData, type Grant, type GrantKind, type PartData } from '#libs/domain';
import type { AccountRecord } from '../folding/account-record.js';

/** A grant as its account's balance shows it. */
export type GrantRow = Omit<Grant, 'paid' | 'refunded'>;

export interface BalanceRow {
  readonly accountId: string;
  readonly catalog: string;
  readonly unit: string;
  readonly scale: number;
  readonly mode: string;
  readonly timeZone: string;
  readonly openedAt: Instant;
  /** Of the last event applied: what makes each event count once. */
  readonly revision: number;
  readonly remaining: string;
  readonly held: string;
  readonly debt: string;
  /** Grants with anything in them, in burn order. */
  readonly grants: readonly GrantRow[];
}

/** Amounts that move in one grant. */
export interface Movement {
  readonly grant: string;
  readonly free: Amount;
  readonly held: Amount;
}

/** What an event does to an account's balance. */
export interface BalanceChange {
  readonly accountId: string;
  readonly revision: number;
  /** The account as it was opened. */
  readonly opened: BalanceRow | undefined;
  /** What it stands at afterwards, where the event says so. */
  readonly balance: BalanceData | undefined;
  readonly made: GrantRow | undefined;
  readonly movements: readonly Movement[];
  /** Grants that may have nothing left in them before: only a refund puts credit back into one. */
  readonly refilled: readonly string[];
}

const NONE: readonly never[] = [];

export const balanceChangeOf = (record: AccountRecord): BalanceChange => {
  const { accountId, revision, event } = record;
  return {
    accountId, revision, opened: accountOpened(record), balance: 'balance' in event.data ? event.data.balance : undefined, made: grantMade(record),
    movements: movementsIn(event), refilled: event.type === 'RefundIssued' ? (event.data.returned ?? NONE).map(({ grant }) => grant) : NONE,
  };
};

const accountOpened = ({ accountId, revision, event, recordedAt }: AccountRecord): BalanceRow | undefined => {
  if (event.type !== 'AccountOpened') return undefined;
  const { catalog, unit, scale, mode, timeZone } = event.data;
  return { accountId, catalog, unit, scale, mode, timeZone, openedAt: recordedAt, revision, remaining: '0', held: '0', debt: '0', grants: NONE };
};

const grantMade = ({ event, recordedAt }: AccountRecord): GrantRow | undefined => {
  const grant = (key: string, kind: GrantKind, text: string, priority: number, expiresAt: Instant | null): GrantRow => {
    const amount = readAmount(text);
    return { key, kind, amount, priority, expiresAt, createdAt: recordedAt, free: amount, held: 0n };
  };
  switch (event.type) {
    case 'CreditsPurchased': return grant(event.data.grant, 'purchase', event.data.amount, event.data.priority, event.data.expiresAt);
    case 'CreditsGranted': return grant(event.data.grant, event.data.kind, event.data.amount, event.data.priority, event.data.expiresAt);
    case 'RefundIssued': {
      const made = event.data.newGrant;
      return made && grant(made.grant, 'refund', made.amount, made.priority, made.expiresAt);
    }
    case 'AccountOpened': case 'HoldPlaced': case 'HoldIncreased': case 'UsageSettled': case 'HoldReleased': case 'HoldExpired': case 'PackExpired':
    case 'BalanceThresholdCrossed': return undefined;
    default: return assertNever(event);
  }
};

type Direction = -1n | 0n | 1n;

/** What an event does to the grants that are there, and to the one it makes. */
const movementsIn = (event: AccountEvent): readonly Movement[] => {
  const movements: Movement[] = [];
  const move = (parts: readonly PartData[] | undefined, free: Direction, held: Direction): void => {
    if (!parts) return;
    for (const { grant, amount: text } of parts) {
      const amount = readAmount(text);
      movements.push({ grant, free: free * amount, held: held * amount });
    }
  };
  switch (event.type) {
    case 'AccountOpened': case 'CreditsPurchased': case 'CreditsGranted': case 'BalanceThresholdCrossed': break;
    case 'HoldPlaced': case 'HoldIncreased': move(event.data.parts, -1n, 1n); break;
    case 'UsageSettled':
      move(event.data.fromHeld, 0n, -1n);
      move(event.data.fromFree, -1n, 0n);
      move(event.data.released, 1n, -1n);
      move(event.data.lapsed, 0n, -1n);
      break;
    case 'HoldReleased': case 'HoldExpired':
      move(event.data.released, 1n, -1n);
      move(event.data.lapsed, 0n, -1n);
      break;
    case 'PackExpired': move([event.data], -1n, 0n); break;
    case 'RefundIssued':
      if (event.data.purchase !== undefined) move([{ grant: `purchase/${event.data.purchase}`, amount: event.data.amount }], -1n, 0n);
      move(event.data.returned, 1n, 0n);
      break;
    default: return assertNever(event);
  }
  // Credit that became free pays debt in the same event.
  if ('debtPaid' in event.data) move(event.data.debtPaid, -1n, 0n);
  return movements;
};

/** Grants with nothing in them, which are kept elsewhere: there are ever more of them. */
export interface EmptyGrants {
  get(accountId: string, key: string): GrantRow | undefined;
  set(accountId: string, key: string, grant: GrantRow | undefined): void;
}

/** The order looks at nothing that a row lacks. */
const burnsFirst = burnsBefore as (a: GrantRow, b: GrantRow) => boolean;

const insert = (grants: readonly GrantRow[], grant: GrantRow): GrantRow[] => {
  const at = grants.findLastIndex((other) => !burnsFirst(grant, other)) + 1;
  return grants.toSpliced(at, 0, grant);
};

const moveIn = (accountId: string, grants: readonly GrantRow[], { grant: key, free, held }: Movement, empty: EmptyGrants): readonly GrantRow[] => {
  const at = grants.findIndex((grant) => grant.key === key);
  const before = at < 0 ? empty.get(accountId, key) : grants[at];
  if (!before) throw new Error(`grant ${key} is not known to this account`);
  const { kind, amount, priority, expiresAt, createdAt } = before;
  const after = { key, kind, amount, priority, expiresAt, createdAt, free: before.free + free, held: before.held + held };
  const isEmpty = after.free === 0n && after.held === 0n;
  if (isEmpty || at < 0) empty.set(accountId, key, isEmpty ? after : undefined);
  if (at < 0) return isEmpty ? grants : insert(grants, after);
  return isEmpty ? grants.toSpliced(at, 1) : grants.with(at, after);
};

/** The balance after a change. @throws when the account's earlier events are missing */
export const applyToBalance = (row: BalanceRow | undefined, change: BalanceChange, empty: EmptyGrants): BalanceRow => {
  if (change.opened) return change.opened;
  const { accountId, revision, made } = change;
  if (row?.revision !== revision - 1) throw new Error(`account ${accountId} stands at revision ${row?.revision ?? -1}, and ${revision} came next`);
  let grants = made ? insert(row.grants, made) : row.grants;
  for (const movement of change.movements) grants = moveIn(accountId, grants, movement, empty);
  const { remaining, held, debt } = change.balance ?? row;
  // One literal: spreading costs more than all the rest.
  const { catalog, unit, scale, mode, timeZone, openedAt } = row;
  return { accountId, catalog, unit, scale, mode, timeZone, openedAt, revision, remaining, held, debt, grants };
};

/** When the first grant with anything free ends: the soonest that a grant makes the row untrue by itself. */
export const grantsDueAt = ({ grants }: Pick<BalanceRow, 'grants'>): Instant | null => {
  let due: Instant | null = null;
  for (const { expiresAt, free } of grants) {
    if (free > 0n && expiresAt !== null && (due === null || expiresAt < due)) due = expiresAt;
  }
  return due;
};

/** A grant as it is stored: amounts as text. */
export type StoredGrant = Omit<GrantRow, 'amount' | 'free' | 'held'> & { readonly amount: string; readonly free: string; readonly held: string };

export const storedGrant = ({ key, kind, amount, free, held, priority, expiresAt, createdAt }: GrantRow): StoredGrant =>
  ({ key, kind, amount: formatAmount(amount), free: formatAmount(free), held: formatAmount(held), priority, expiresAt, createdAt });

export const readGrant = (stored: StoredGrant): GrantRow =>
  ({ ...stored, amount: readAmount(stored.amount), free: readAmount(stored.free), held: readAmount(stored.held) });
