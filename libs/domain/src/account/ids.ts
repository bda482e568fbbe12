import { assertNever } from '#libs/kernel';
import type { AccountCommand } from './commands.js';
import type { AccountEvent } from './events.js';

/*
 * Keys under which ids are found again, for ever. Holds and charges share one name space: a refund names either.
 * `debt` collects the payments of debt, which a refund of an unpaid charge needs.
 */

export const chargeKey = (id: string): string => `charge/${id}`;
/** No id has a slash, so that a source may. */
export const usageKey = (source: string, id: string): string => `usage/${source}/${id}`;
export const DEBT_KEY = 'debt/';

/** The keys an event touches. */
export const keysTouched = (event: AccountEvent): string[] => {
  switch (event.type) {
    case 'AccountOpened': case 'PackExpired': case 'BalanceThresholdCrossed': return [];
    case 'CreditsPurchased': return withDebt(event.data, once(`purchase/${event.data.purchaseId}`, `purchase/${event.data.idempotencyKey}`));
    case 'CreditsGranted': return withDebt(event.data, once(`grant/${event.data.grantId}`, `grant/${event.data.idempotencyKey}`));
    case 'HoldPlaced': case 'HoldIncreased': return [chargeKey(event.data.holdId)];
    case 'HoldReleased': case 'HoldExpired': return withDebt(event.data, [chargeKey(event.data.holdId)]);
    case 'UsageSettled': {
      const { via, source = '', chargeId } = event.data;
      return withDebt(event.data, [via === 'usage' ? usageKey(source, chargeId) : chargeKey(chargeId)]);
    }
    case 'RefundIssued': {
      const { refundId, idempotencyKey, charge, source } = event.data;
      const refunded = charge === undefined ? [] : [source === undefined ? chargeKey(charge) : usageKey(source, charge)];
      return withDebt(event.data, [...once(`refund/${refundId}`, `refund/${idempotencyKey}`), ...refunded]);
    }
    default: return assertNever(event);
  }
};

const once = (a: string, b: string): string[] => (a === b ? [a] : [a, b]);
const withDebt = ({ debtPaid }: { debtPaid?: readonly unknown[] | undefined }, keys: string[]): string[] =>
  debtPaid?.length ? [...keys, DEBT_KEY] : keys;

/** The keys whose past a command is decided on. What the state holds (open holds) needs none. */
export const keysNeeded = (command: AccountCommand, isOpenHold: (id: string) => boolean): string[] => {
  switch (command.type) {
    case 'OpenAccount': case 'WakeAccount': return [];
    case 'BuyCredit': return once(`purchase/${command.id}`, `purchase/${command.idempotencyKey}`);
    case 'GrantCredit': return once(`grant/${command.id}`, `grant/${command.idempotencyKey}`);
    case 'PlaceHold': case 'SettleHold': case 'IncreaseHold': case 'ReleaseHold': case 'ShowHold':
      return isOpenHold(command.holdId) ? [] : [chargeKey(command.holdId)];
    case 'ChargeUsage': return [chargeKey(command.chargeId)];
    case 'ReportUsage': return [usageKey(command.source, command.usageId)];
    case 'Refund': {
      const { id, idempotencyKey, of } = command;
      const keys = once(`refund/${id}`, `refund/${idempotencyKey}`);
      return 'purchase' in of ? keys : [...keys, of.source === undefined ? chargeKey(of.charge) : usageKey(of.source, of.charge), DEBT_KEY];
    }
    default: return assertNever(command);
  }
};
