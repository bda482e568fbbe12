import { dollars } from '../testing/catalogs.js';
import { buy, capture, charge, grant, hold, increase, release, report, settle, show } from '../testing/commands.js';
import { at, DAY, event, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);

describe('increasing a hold', () => {
  it('states the new total; what is added is taken from what is free, in burn order', () => {
    given(buy('b', '9'), hold('h', '4'), grant('g', '1', { priority: 1 })).when(increase('h', '7'))
      .thenRecords(event('HoldIncreased', { amount: '7', parts: [{ grant: 'grant/g', amount: '1' }, { grant: 'purchase/b', amount: '2' }], expiresAt: at(900) }))
      .thenAnswers({ hold: { status: 'open', amount: '7', held: '7', costEstimate: '7' } }).thenBalance({ held: '7', available: '3' });
  });

  it('puts new parts among the old ones in burn order, for the settle to come', () => {
    given(buy('b', '9'), hold('h', '4'), grant('g', '1', { priority: 1 }), increase('h', '7')).when(settle('h', '2'))
      .thenRecords(event('UsageSettled', { fromHeld: [{ grant: 'grant/g', amount: '1' }, { grant: 'purchase/b', amount: '1' }], released: [{ grant: 'purchase/b', amount: '5' }] }));
  });

  it('or a new time to live, from now, or both', () => {
    given(buy('b', '9'), hold('h', '4'), wait(600)).when(increase('h', undefined, 900)).thenRecords(event('HoldIncreased', { amount: '4', parts: [], expiresAt: at(1_500) }));
    given(buy('b', '9'), hold('h', '4'), wait(600)).when(increase('h', '5', 900)).thenRecords(event('HoldIncreased', { amount: '5', expiresAt: at(1_500) }));
    given(buy('b', '9'), hold('h', '4')).when(increase('h', undefined, undefined)).thenRejects('invalid_request');
    for (const ttl of [0, 1.5, 7 * DAY + 1]) given(buy('b', '9'), hold('h', '4')).when(increase('h', undefined, ttl)).thenRejects('invalid_request');
  });

  it('lets the hold end at its new end, not at its old one', () => {
    given(buy('b', '9'), hold('h', '4'), increase('h', undefined, 1_000), wait(999)).when(show('h')).thenRecordsNothing().thenAnswers({ hold: { status: 'open' } });
    given(buy('b', '9'), hold('h', '4'), increase('h', undefined, 1_000), wait(1_000)).when(show('h')).thenRecords(event('HoldExpired')).thenRecordedAt(at(1_000));
  });

  it('only raises', () => {
    given(buy('b', '9'), hold('h', '4')).when(increase('h', '3')).thenRejects('state_conflict', { amount: '4' }).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '4')).when(increase('h', '6', 899)).thenRejects('state_conflict', { expiresAt: at(900) }).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '4')).when(increase('h', '4', 900)).thenRecordsNothing().thenAnswers({ repeated: true });
  });

  it('adds to what was captured and is held, so that both make up the new total', () => {
    given(buy('b', '9'), hold('h', '4'), capture('h', '3')).when(increase('h', '6')).thenRecords(event('HoldIncreased', { parts: [{ grant: 'purchase/b', amount: '2' }] })).thenAnswers({ hold: { held: '3', cost: '3', amount: '6' } });
    // Captured 7 of a hold for 4: a total of 8 needs 1 more, and one of 6 needs none.
    given(buy('b', '9'), hold('h', '4'), capture('h', '7')).when(increase('h', '8')).thenRecords(event('HoldIncreased', { parts: [{ grant: 'purchase/b', amount: '1' }] }));
    given(buy('b', '9'), hold('h', '4'), capture('h', '7')).when(increase('h', '6')).thenRecords(event('HoldIncreased', { amount: '6', parts: [] }));
  });

  it('takes no more than is available', () => {
    given(buy('b', '9'), hold('h', '4')).when(increase('h', '9.01')).thenRejects('insufficient_credits', { available: '5', required: '5.01' }).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '4')).when(increase('h', '9')).thenRecords(event('HoldIncreased')).thenBalance({ available: '0' });
  });

  it('is refused while the account is overdrawn', () => {
    given(buy('b', '9'), hold('h', '4'), report('u', '6', at(0))).when(increase('h', '5')).thenRejects('overdrawn', { debt: '1' });
    given(buy('b', '9'), hold('h', '4'), report('u', '6', at(0))).when(increase('h', undefined, 1_000)).thenRejects('overdrawn');
  });

  it('repeated is the same increase', () => {
    given(buy('b', '9'), hold('h', '4'), increase('h', '6')).when(increase('h', '6.0')).thenRecordsNothing().thenAnswers({ repeated: true, hold: { amount: '6' } });
  });

  it('of time, repeated within a tenth of it, is the same increase; later it prolongs anew', () => {
    given(buy('b', '9'), hold('h', '4'), increase('h', undefined, 1_000), wait(99)).when(increase('h', undefined, 1_000)).thenRecordsNothing().thenAnswers({ hold: { expiresAt: at(1_000) } });
    given(buy('b', '9'), hold('h', '4'), increase('h', undefined, 1_000), wait(100)).when(increase('h', undefined, 1_000)).thenRecords(event('HoldIncreased', { expiresAt: at(1_100) }));
  });

  it('of a closed hold is refused, showing it', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(increase('h', '6')).thenRejects('hold_closed', { hold: { status: 'settled', cost: '3' } });
    given(buy('b', '9'), hold('h', '4'), release('h')).when(increase('h', '6')).thenRejects('hold_closed', { hold: { status: 'released' } });
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(increase('h', '6')).thenRejects('hold_closed', { hold: { status: 'expired' } }).thenRecords(event('HoldExpired'));
    given(buy('b', '9'), charge('h', '4')).when(increase('h', '6')).thenRejects('hold_closed');
    given(buy('b', '9')).when(increase('h', '6')).thenRejects('not_found');
  });
});
