import { assertNever, type Instant } from '#libs/kernel';
import { formatAmount, readAmount, sum, type Amount } from '#libs/money';
import type { AccountRecord } from '../folding/account-record.js';

/** A hold that is open: work under way. */
export interface OpenHold {
  readonly accountId: string;
  readonly holdId: string;
  readonly placedAt: Instant;
  readonly expiresAt: Instant;
  /** The total asked for, increases included. */
  readonly amount: string;
  /** What it holds now. */
  readonly held: string;
  /** What it was charged so far. */
  readonly charged: string;
  readonly model: string | undefined;
}

/** What an event does to an open hold. */
export type HoldChange = { readonly key: string } & (
  | { readonly does: 'place'; readonly hold: OpenHold }
  | { readonly does: 'increase'; readonly amount: string; readonly expiresAt: Instant; readonly added: Amount }
  | { readonly does: 'capture'; readonly charged: string; readonly held: string }
  | { readonly does: 'close' });

/** A hold among those of all accounts; no account's id has a slash. */
const keyOf = (accountId: string, holdId: string): string => `${accountId}/${holdId}`;
export const keyOfHold = ({ accountId, holdId }: Pick<OpenHold, 'accountId' | 'holdId'>): string => keyOf(accountId, holdId);

/** @returns undefined for an event that is about no hold, or about one that has ended before */
export const holdChangeOf = ({ accountId, recordedAt, event }: AccountRecord): HoldChange | undefined => {
  switch (event.type) {
    case 'HoldPlaced': {
      const { holdId, amount, expiresAt, request } = event.data;
      const hold = { accountId, holdId, placedAt: recordedAt, expiresAt, amount, held: amount, charged: '0', model: request?.model };
      return { key: keyOf(accountId, holdId), does: 'place', hold };
    }
    case 'HoldIncreased': {
      const { holdId, amount, expiresAt, parts } = event.data;
      return { key: keyOf(accountId, holdId), does: 'increase', amount, expiresAt, added: sum(parts.map((part) => readAmount(part.amount))) };
    }
    case 'UsageSettled': {
      const { via, late, chargeId, final, charged, stillHeld = '0' } = event.data;
      if (via !== 'hold' || late) return undefined;
      const key = keyOf(accountId, chargeId);
      return final ? { key, does: 'close' } : { key, does: 'capture', charged, held: stillHeld };
    }
    case 'HoldReleased': case 'HoldExpired': return { key: keyOf(accountId, event.data.holdId), does: 'close' };
    case 'AccountOpened': case 'CreditsPurchased': case 'CreditsGranted': case 'PackExpired': case 'RefundIssued': case 'BalanceThresholdCrossed':
      return undefined;
    default: return assertNever(event);
  }
};

/** The hold after a change; undefined when it has ended. @throws when the hold's earlier events are missing */
export const applyToHold = (hold: OpenHold | undefined, change: HoldChange): OpenHold | undefined => {
  if (change.does === 'place') return change.hold;
  if (!hold) throw new Error(`hold ${change.key} is not known to be open`);
  switch (change.does) {
    case 'increase': return { ...hold, amount: change.amount, expiresAt: change.expiresAt, held: formatAmount(readAmount(hold.held) + change.added) };
    case 'capture': return { ...hold, charged: change.charged, held: change.held };
    case 'close': return undefined;
    default: return assertNever(change);
  }
};
