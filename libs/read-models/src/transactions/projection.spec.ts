import type { AccountEvent } from '#libs/domain';
import { transactionOf } from './projection.js';

const balance = { remaining: '8', held: '1', debt: '0' };
const of = (event: AccountEvent) => transactionOf({
  accountId: 'acme', revision: 3, event, recordedAt: '2026-11-21T10:00:00.000Z', occurredAt: '2026-11-21T10:00:00.000Z', actor: 'operator:admin',
});
const keys = { idempotencyKey: 'k', fingerprint: 'f', balance };

describe('transactions', () => {
  it('show a purchase with what was paid, and the balance after it', () => {
    expect(of({ type: 'CreditsPurchased', data: { purchaseId: 'buy-1', grant: 'purchase/buy-1', amount: '300', paid: { amount: '9.99', currency: 'USD' }, priority: 50, expiresAt: null, pack: 'small', ...keys } }))
      .toEqual({
        accountId: 'acme', revision: 3, at: '2026-11-21T10:00:00.000Z', type: 'purchase', id: 'buy-1', amount: '300', ...balance,
        paid: { amount: '9.99', currency: 'USD' }, pack: 'small', details: { priority: 50, expiresAt: null },
      });
  });

  it('show a gift with its kind', () => {
    expect(of({ type: 'CreditsGranted', data: { grantId: 'g-1', grant: 'grant/g-1', kind: 'referral', amount: '5', priority: 10, expiresAt: null, ...keys } }))
      .toMatchObject({ type: 'grant', id: 'g-1', amount: '5', paid: undefined, details: { kind: 'referral' } });
  });

  it('show a refund of a charge as credit that came', () => {
    expect(of({ type: 'RefundIssued', data: { refundId: 'rf-1', charge: 'req-1', amount: '0.5', ...keys } }))
      .toMatchObject({ type: 'refund', id: 'rf-1', amount: '0.5', paid: undefined, details: { charge: 'req-1' } });
  });

  it('show a refund of a purchase as credit and money that went', () => {
    expect(of({ type: 'RefundIssued', data: { refundId: 'rf-1', purchase: 'buy-1', amount: '20', money: { amount: '19.5', currency: 'USD' }, ...keys } }))
      .toMatchObject({ type: 'refund', amount: '-20', paid: { amount: '-19.5', currency: 'USD' }, details: { purchase: 'buy-1' } });
  });

  it('show what a grant lost at its end', () => {
    expect(of({ type: 'PackExpired', data: { grant: 'purchase/buy-1', amount: '3', balance } })).toMatchObject({ type: 'expiry', id: 'purchase/buy-1', amount: '-3' });
  });

  it('show what a hold gave back to grants that had ended', () => {
    const lapsed = [{ grant: 'purchase/a', amount: '1.5' }, { grant: 'grant/b', amount: '0.5' }];
    expect(of({ type: 'HoldReleased', data: { holdId: 'req-1', lapsed, balance } })).toMatchObject({ type: 'lapse', id: 'req-1', amount: '-2', details: { grants: lapsed } });
    expect(of({ type: 'HoldReleased', data: { holdId: 'req-1', released: lapsed, balance } })).toBeUndefined();
  });
});
