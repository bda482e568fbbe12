import { BillingError, type Facts } from '#libs/kernel';
import { formatAmount, type Amount } from '#libs/money';
import type { HoldView } from '../answers.js';
import { balanceOf, type Account } from '../state.js';

export const idempotencyConflict = (what: string): BillingError => new BillingError('conflict', 'idempotency_conflict', {
  detail: `${what} was used before with other content; send the same content, or another id`,
});

export const holdClosed = (hold: HoldView, why: string): BillingError =>
  new BillingError('conflict', 'hold_closed', { detail: why, hold });

export const stateConflict = (detail: string, facts: Facts = {}): BillingError =>
  new BillingError('conflict', 'state_conflict', { detail, ...facts });

export const notFound = (what: string): BillingError => new BillingError('not_found', 'not_found', { detail: `${what} does not exist on this account` });

export const invalid = (path: string, message: string): BillingError =>
  new BillingError('invalid', 'invalid_request', { detail: `${path}: ${message}`, errors: [{ path, message }] });

/** No new credit is taken while debt is owed; nor more than is available. */
export const requireAvailable = (account: Account, wanted: Amount): void => {
  const { available, debt } = balanceOf(account);
  if (debt > 0n) {
    throw new BillingError('insufficient', 'overdrawn', {
      detail: 'the account owes for usage beyond its credit; buy credit to pay it first',
      available: formatAmount(available), required: formatAmount(wanted), debt: formatAmount(debt),
    });
  }
  if (wanted > available) {
    throw new BillingError('insufficient', 'insufficient_credits', {
      detail: 'more than is available', available: formatAmount(available), required: formatAmount(wanted),
    });
  }
};
