import { assertNever } from '#libs/kernel';
import type { AccountCommand } from './commands.js';
import type { AccountEvent } from './events.js';

/*
 * Keys under which ids are found again, for ever. Holds and charges share one name space: a refund names either. Ids and
 * idempotency keys have one each, so that nobody's key takes another's id. `debt` collects the payments of debt, which a
 * refund of an unpaid charge needs. The id index holds these texts: one that changes is not found again (ADR 5).
 */

export const chargeKey = (id: string): string => `charge/${id}`;
/** No id has a slash, so that a source may. */
export const usageKey = (source: string, id: string): string => `usage/${source}/${id}`;
export const DEBT_KEY = 'debt/';

/**
 * Of what must be given once: its id, and the idempotency key it was asked for with, if any. Both are kept also where they
 * are the same text, as that key is used up for every other id.
 */
export const givenOnce = (operation: 'purchase' | 'grant' | 'refund', id: string, idempotencyKey: string | undefined): string[] =>
  (idempotencyKey === undefined ? [`${operation}/${id}`] : [`${operation}/${id}`, `${operation}-key/${idempotencyKey}`]);

/** The keys an event touches. */
export const keysTouched = (event: AccountEvent): string[] => {
  switch (event.type) {
    case 'AccountOpened': case 'PackExpired': case 'BalanceThresholdCrossed': return [];
    case 'CreditsPurchased': return withDebt(event.data, givenOnce('purchase', event.data.purchaseId, event.data.idempotencyKey));
    case 'CreditsGranted': return withDebt(event.data, givenOnce('grant', event.data.grantId, event.data.idempotencyKey));
    case 'HoldPlaced': case 'HoldIncreased': return [chargeKey(event.data.holdId)];
    case 'HoldReleased': case 'HoldExpired': return withDebt(event.data, [chargeKey(event.data.holdId)]);
    case 'UsageSettled': {
      const { via, source = '', chargeId } = event.data;
      return withDebt(event.data, [via === 'usage' ? usageKey(source, chargeId) : chargeKey(chargeId)]);
    }
    case 'RefundIssued': {
      const { refundId, idempotencyKey, charge, source } = event.data;
      const refunded = charge === undefined ? [] : [source === undefined ? chargeKey(charge) : usageKey(source, charge)];
      return withDebt(event.data, [...givenOnce('refund', refundId, idempotencyKey), ...refunded]);
    }
    default: return assertNever(event);
  }
};

const withDebt = ({ debtPaid }: { debtPaid?: readonly unknown[] | undefined }, keys: string[]): string[] =>
  debtPaid?.length ? [...keys, DEBT_KEY] : keys;

/** The keys whose past a command is decided on. What the state holds (open holds) needs none. */
export const keysNeeded = (command: AccountCommand, isOpenHold: (id: string) => boolean): string[] => {
  switch (command.type) {
    case 'OpenAccount': case 'WakeAccount': return [];
    case 'BuyCredit': return givenOnce('purchase', command.id, command.idempotencyKey);
    case 'GrantCredit': return givenOnce('grant', command.id, command.idempotencyKey);
    case 'PlaceHold': case 'SettleHold': case 'IncreaseHold': case 'ReleaseHold': case 'ShowHold':
      return isOpenHold(command.holdId) ? [] : [chargeKey(command.holdId)];
    case 'ChargeUsage': return [chargeKey(command.chargeId)];
    case 'ReportUsage': return [usageKey(command.source, command.usageId)];
    case 'Refund': {
      const { id, idempotencyKey, of } = command;
      const keys = givenOnce('refund', id, idempotencyKey);
      return 'purchase' in of ? keys : [...keys, of.source === undefined ? chargeKey(of.charge) : usageKey(of.source, of.charge), DEBT_KEY];
    }
    default: return assertNever(command);
  }
};
