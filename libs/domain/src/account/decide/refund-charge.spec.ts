import { dollars, withPolicies } from '../testing/catalogs.js';
import { buy, capture, charge, grant, hold, refundCharge, release, report, settle, show, wake } from '../testing/commands.js';
import { at, DAY, event, HOUR, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);
const fromB = (amount: string) => [{ grant: 'purchase/b', amount }];
/** Burns before `purchase/b`. */
const gift = grant('g', '3', { priority: 1 });

describe('refunding a charge', () => {
  it('of a hold, a direct charge or reported usage, whole where no amount is given', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(refundCharge('r', 'h')).thenRecords(event('RefundIssued', { charge: 'h', amount: '3', returned: fromB('3') })).thenBalance({ available: '9' });
    given(buy('b', '9'), charge('c', '3')).when(refundCharge('r', 'c')).thenRecords(event('RefundIssued', { charge: 'c', amount: '3' })).thenBalance({ available: '9' });
    given(buy('b', '9'), report('u', '3', at(0))).when(refundCharge('r', 'u', undefined, 'gateway')).thenRecords(event('RefundIssued', { charge: 'u', source: 'gateway', amount: '3' })).thenBalance({ available: '9' });
  });

  it('undoes its parts in reverse burn order', () => {
    given(gift, buy('b', '9'), charge('c', '5')).when(refundCharge('r', 'c', '3'))
      .thenRecords(event('RefundIssued', { undone: [{ grant: 'purchase/b', amount: '2' }, { grant: 'grant/g', amount: '1' }] })).thenGrants({ 'grant/g': ['1', '0'], 'purchase/b': ['9', '0'] });
  });

  it('in parts goes on where the last refund stopped, and never gives back more than is left', () => {
    given(gift, buy('b', '9'), charge('c', '5'), refundCharge('r1', 'c', '3')).when(refundCharge('r2', 'c')).thenRecords(event('RefundIssued', { amount: '2', undone: [{ grant: 'grant/g', amount: '2' }] }));
    given(buy('b', '9'), charge('c', '5'), refundCharge('r1', 'c', '3')).when(refundCharge('r2', 'c', '2.01')).thenRejects('state_conflict', { refundable: '2' }).thenRecordsNothing();
    given(buy('b', '9'), charge('c', '5'), refundCharge('r1', 'c')).when(refundCharge('r2', 'c')).thenRejects('state_conflict', { refundable: '0' });
  });

  it('of several captures undoes all their parts together', () => {
    given(buy('b', '4'), hold('h', '4'), capture('h', '2'), gift, settle('h', '6')).when(refundCharge('r', 'h'))
      .thenRecords(event('RefundIssued', { amount: '6', undone: [{ grant: 'purchase/b', amount: '4' }, { grant: 'grant/g', amount: '2' }] })).thenBalance({ available: '7' });
  });

  it('of an open hold gives back what was captured; the hold stays as it is', () => {
    given(buy('b', '9'), hold('h', '6'), capture('h', '2')).when(refundCharge('r', 'h', '1')).thenBalance({ remaining: '8', held: '4', available: '4' });
    given(buy('b', '9'), hold('h', '6')).when(refundCharge('r', 'h')).thenRejects('state_conflict', { refundable: '0' });
  });

  it('of a charge for nothing, or of none, is refused', () => {
    given(charge('c', '0')).when(refundCharge('r', 'c')).thenRejects('state_conflict');
    given(buy('b', '9'), hold('h', '4'), release('h')).when(refundCharge('r', 'h')).thenRejects('state_conflict');
    given().when(refundCharge('r', 'c')).thenRejects('not_found');
    given(buy('b', '9'), report('u', '3', at(0))).when(refundCharge('r', 'u')).thenRejects('not_found');
  });

  it('of a capped hold gives back what was charged, not what the work cost', () => {
    given(buy('b', '9'), hold('h', '4', { onExcess: 'cap' }), settle('h', '7')).when(refundCharge('r', 'h')).thenRecords(event('RefundIssued', { amount: '4' }));
  });
});

describe('refunding a charge that was taken from a grant that has expired since', () => {
  const ending = grant('g', '3', { priority: 1, expiresAt: at(HOUR) });

  it('makes a new grant with the account\'s refund validity, 30 days unless the catalog says otherwise', () => {
    given(ending, charge('c', '3'), wait(HOUR)).when(refundCharge('r', 'c'))
      .thenRecords(event('RefundIssued', { amount: '3', newGrant: { grant: 'refund/r', amount: '3', priority: 50, expiresAt: at(HOUR + 30 * DAY) }, undone: [{ grant: 'grant/g', amount: '3' }] }))
      .without('returned').thenGrants({ 'grant/g': ['0', '0'], 'refund/r': ['3', '0'] });
    specFor(withPolicies(dollars, { refundValidDays: 1 }))(ending, charge('c', '3'), wait(HOUR)).when(refundCharge('r', 'c')).thenGrants({ 'refund/r': ['3', '0'] })
      .thenRecords(event('RefundIssued', { newGrant: { grant: 'refund/r', amount: '3', priority: 50, expiresAt: at(HOUR + DAY) } }));
  });

  it('returns the rest to grants that live', () => {
    given(ending, buy('b', '9'), charge('c', '5'), wait(HOUR)).when(refundCharge('r', 'c')).thenRecords(event('RefundIssued', { returned: fromB('2') })).thenGrants({ 'purchase/b': ['9', '0'], 'refund/r': ['3', '0'] });
  });

  it('gives a grant that ends and is spent like any other', () => {
    given(ending, charge('c', '3'), wait(HOUR), refundCharge('r', 'c'), charge('d', '1')).when(refundCharge('r2', 'd')).thenRecords(event('RefundIssued', { returned: [{ grant: 'refund/r', amount: '1' }] }));
    given(ending, charge('c', '3'), wait(HOUR), refundCharge('r', 'c'), wait(30 * DAY)).when(wake).thenRecords(event('PackExpired', { grant: 'refund/r', amount: '3' }));
  });
});

describe('refunding a charge that is in debt', () => {
  it('first cancels the debt that this charge still owes', () => {
    given(buy('b', '4'), report('u', '9', at(0))).when(refundCharge('r', 'u', '3', 'gateway'))
      .thenRecords(event('RefundIssued', { amount: '3', debtCancelled: [{ from: '2', amount: '3' }] })).without('returned', 'undone').thenBalance({ debt: '2', remaining: '-2' });
  });

  it('from its newest stretch back, so that the oldest stays the next to be paid', () => {
    given(hold('h', '0'), capture('h', '2'), report('u', '1', at(0)), settle('h', '5')).when(refundCharge('r', 'h', '4'))
      .thenRecords(event('RefundIssued', { debtCancelled: [{ from: '1', amount: '1' }, { from: '3', amount: '3' }] })).thenBalance({ debt: '2' });
  });

  it('then undoes its parts', () => {
    given(buy('b', '4'), report('u', '9', at(0))).when(refundCharge('r', 'u', '7', 'gateway'))
      .thenRecords(event('RefundIssued', { debtCancelled: [{ from: '0', amount: '5' }], returned: fromB('2') })).thenBalance({ debt: '0', available: '2' });
  });

  it('pays with what it returns the debt of others, oldest first, in the same command', () => {
    given(buy('b', '4'), charge('c', '4'), report('u1', '2', at(0)), report('u2', '3', at(0))).when(refundCharge('r', 'c', '3'))
      .thenRecords(event('RefundIssued', { returned: fromB('3'), debtPaid: [{ grant: 'purchase/b', from: '0', amount: '3' }] })).thenBalance({ debt: '2', available: '-2' });
  });

  it('cancels nothing of what others owe', () => {
    given(report('u1', '2', at(0)), report('u2', '3', at(0))).when(refundCharge('r', 'u1', undefined, 'gateway')).thenRecords(event('RefundIssued', { debtCancelled: [{ from: '0', amount: '2' }] })).thenBalance({ debt: '3' });
    given(report('u1', '2', at(0)), report('u2', '3', at(0)), refundCharge('r1', 'u1', undefined, 'gateway')).when(buy('b', '4'))
      .thenRecords(event('CreditsPurchased', { debtPaid: [{ grant: 'purchase/b', from: '2', amount: '3' }] })).thenBalance({ debt: '0', available: '1' });
  });

  it('undoes debt that was paid meanwhile as a part of the grant that paid it', () => {
    given(report('u', '5', at(0)), buy('b', '2'), buy('d', '9')).when(refundCharge('r', 'u', undefined, 'gateway'))
      .thenRecords(event('RefundIssued', { undone: [{ grant: 'purchase/d', amount: '3' }, { grant: 'purchase/b', amount: '2' }] })).thenGrants({ 'purchase/b': ['2', '0'], 'purchase/d': ['9', '0'] });
  });

  it('paid in part: cancels what is owed, returns what was paid', () => {
    given(report('u', '5', at(0)), buy('b', '2')).when(refundCharge('r', 'u', undefined, 'gateway'))
      .thenRecords(event('RefundIssued', { debtCancelled: [{ from: '2', amount: '3' }], returned: fromB('2') })).thenBalance({ debt: '0', available: '2' });
  });

  it('counts what a hold paid that ends as this is decided', () => {
    given(buy('b', '4'), hold('h', '4'), report('u', '3', at(0)), wait(900)).when(refundCharge('r', 'u', undefined, 'gateway'))
      .thenRecords(event('HoldExpired', { debtPaid: [{ grant: 'purchase/b', from: '0', amount: '3' }] }), event('RefundIssued', { amount: '3', returned: fromB('3') })).without('debtCancelled')
      .thenBalance({ available: '4', debt: '0' });
  });

  it('of a hold settled late and above what there was', () => {
    given(buy('b', '4'), hold('h', '4'), wait(900), hold('o', '3'), settle('h', '4'), show('h')).when(refundCharge('r', 'h', '3.5'))
      .thenRecords(event('RefundIssued', { debtCancelled: [{ from: '0', amount: '3' }], returned: fromB('0.5') })).thenBalance({ available: '0.5', held: '3', debt: '0' });
  });
});
