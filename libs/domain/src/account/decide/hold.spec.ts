import { dollars, withPolicies } from '../testing/catalogs.js';
import { buy, charge, grant, hold, holdFor, release, report, settle, show } from '../testing/commands.js';
import { at, DAY, event, refused, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);

describe('placing a hold', () => {
  it('takes its amount out of specific grants, in burn order, at that moment', () => {
    given(buy('b', '3'), grant('g', '2', { priority: 1 })).when(hold('h', '4'))
      .thenRecords(event('HoldPlaced', { holdId: 'h', amount: '4', parts: [{ grant: 'grant/g', amount: '2' }, { grant: 'purchase/b', amount: '2' }] }))
      .thenGrants({ 'grant/g': ['0', '2'], 'purchase/b': ['1', '2'] })
      .thenBalance({ remaining: '5', held: '4', available: '1' });
  });

  it('keeps its parts when credit comes that would burn before them', () => {
    given(buy('b', '3'), hold('h', '3'), grant('g', '3', { priority: 0 })).when(settle('h', '3'))
      .thenRecords(event('UsageSettled', { fromHeld: [{ grant: 'purchase/b', amount: '3' }] })).thenGrants({ 'grant/g': ['3', '0'] });
  });

  it('may take all there is, and not a cent more', () => {
    given(buy('b', '3')).when(hold('h', '3')).thenBalance({ available: '0' });
    given(buy('b', '3')).when(hold('h', '3.000000000001')).thenRejects('insufficient_credits', { available: '3', required: '3.000000000001' }).thenRecordsNothing();
  });

  it('is answered with the hold and the balance after it', () => {
    given(buy('b', '3')).when(holdFor('h', { model: 'chat', usage: { output_tokens: '500' } })).thenAnswers({
      repeated: false, balance: { remaining: '3', held: '1', debt: '0' },
      hold: { id: 'h', status: 'open', amount: '1', held: '1', cost: '0', costEstimate: '1', model: 'chat', placedAt: at(0), expiresAt: at(900) },
    });
  });

  it('lives 15 minutes unless the catalog or the caller says otherwise, from 1 second to 7 days', () => {
    given(buy('b', '3')).when(hold('h', '1')).thenRecords(event('HoldPlaced', { expiresAt: at(15 * 60) }));
    specFor(withPolicies(dollars, { holdTtlMs: 60_000 }))(buy('b', '3')).when(hold('h', '1')).thenRecords(event('HoldPlaced', { expiresAt: at(60) }));
    given(buy('b', '3')).when(hold('h', '1', { ttlSeconds: 1 })).thenRecords(event('HoldPlaced', { expiresAt: at(1) }));
    given(buy('b', '3')).when(hold('h', '1', { ttlSeconds: 7 * DAY })).thenRecords(event('HoldPlaced', { expiresAt: at(7 * DAY) }));
    for (const ttlSeconds of [0, -1, 1.5, 7 * DAY + 1, Number.NaN]) given(buy('b', '3')).when(hold('h', '1', { ttlSeconds })).thenRejects('invalid_request');
  });

  it('is refused while the account is overdrawn, even for nothing', () => {
    given(report('u', '1', at(0))).when(hold('h', '1')).thenRejects('overdrawn', { debt: '1', available: '-1', required: '1' }).thenRecordsNothing();
    given(report('u', '1', at(0))).when(hold('h', '0')).thenRejects('overdrawn');
  });
});

describe('placing a hold again', () => {
  it('is the same hold while it is open, as it stands', () => {
    given(buy('b', '9'), hold('h', '4'), { ...settle('h', '1'), final: false }).when(hold('h', '4'))
      .thenRecordsNothing().thenAnswers({ repeated: true, hold: { status: 'open', held: '3', cost: '1' }, balance: { remaining: '8', held: '3', debt: '0' } });
  });

  it('with other content is an idempotency conflict, open or closed', () => {
    for (const other of [hold('h', '5'), hold('h', '4', { ttlSeconds: 60 }), hold('h', '4', { onExcess: 'cap' }), holdFor('h', { model: 'chat', usage: {} })]) {
      given(buy('b', '9'), hold('h', '4')).when(other).thenRejects('idempotency_conflict').thenRecordsNothing();
      given(buy('b', '9'), hold('h', '4'), release('h')).when(other).thenRejects('idempotency_conflict').thenRecordsNothing();
    }
  });

  it('is refused once the hold is closed, showing it, so that no work runs unpaid', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(hold('h', '4')).thenRejects('hold_closed', { hold: { status: 'settled', cost: '3' } });
    given(buy('b', '9'), hold('h', '4'), release('h')).when(hold('h', '4')).thenRejects('hold_closed', { hold: { status: 'released', cost: '0' } });
    given(buy('b', '9'), hold('h', '4'), wait(900), show('h')).when(hold('h', '4')).thenRejects('hold_closed', { hold: { status: 'expired' } });
  });

  it('is refused too by a hold that ends only as this is decided', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(hold('h', '4'))
      .thenRejects('hold_closed', { hold: { status: 'expired' } }).thenRecords(event('HoldExpired', { holdId: 'h' }));
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(hold('h', '5')).thenRejects('idempotency_conflict').thenRecords(event('HoldExpired'));
  });

  it('tells content by the request, never by its price', () => {
    const request = { model: 'chat', usage: { output_tokens: '500' } };
    // The price has doubled by then.
    given(buy('b', '9'), holdFor('h', request, { ttlSeconds: 4 * 3_600 }), wait(3 * 3_600)).when(holdFor('h', request, { ttlSeconds: 4 * 3_600 }))
      .thenRecordsNothing().thenAnswers({ repeated: true, hold: { amount: '1' } });
  });

  it('is decided afresh where it was refused before: a refused command leaves no trace', () => {
    given(refused(hold('h', '4')), buy('b', '4')).when(hold('h', '4')).thenRecords(event('HoldPlaced', { amount: '4' }));
    given(refused(hold('h', '4')), buy('b', '9')).when(hold('h', '3')).thenRecords(event('HoldPlaced', { amount: '3' }));
  });

  it('shares its ids with charges, not with reported usage', () => {
    given(buy('b', '9'), charge('x', '4')).when(hold('x', '4')).thenRejects('idempotency_conflict');
    given(buy('b', '9'), report('x', '4', at(0))).when(hold('x', '2')).thenAnswers({ repeated: false });
  });
});

describe('a hold shown', () => {
  it('is as it stands, open or closed', () => {
    given(buy('b', '9'), hold('h', '4')).when(show('h')).thenRecordsNothing().thenAnswers({ repeated: true, hold: { status: 'open', held: '4' } });
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(show('h')).thenAnswers({ hold: { status: 'settled', held: '0', cost: '3' } });
    given(buy('b', '9'), charge('c', '3')).when(show('c')).thenAnswers({ hold: { id: 'c', status: 'settled', amount: '3', cost: '3', held: '0' } });
    given(buy('b', '9')).when(show('h')).thenRejects('not_found');
  });

  it('has ended where its end has come, written or not', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(show('h')).thenRecords(event('HoldExpired')).thenAnswers({ hold: { status: 'expired', held: '0' } });
  });
});
