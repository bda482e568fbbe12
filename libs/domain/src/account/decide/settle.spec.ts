import { dollars } from '../testing/catalogs.js';
import { buy, capture, charge, grant, hold, holdFor, increase, refundCharge, release, report, settle, settleUsage, show } from '../testing/commands.js';
import { at, event, HOUR, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);
const fromB = (amount: string) => [{ grant: 'purchase/b', amount }];

describe('settling a hold', () => {
  it('below it takes the cost from the hold\'s parts in burn order, and the rest goes back to where it came from', () => {
    given(buy('b', '9'), grant('g', '2', { priority: 1 }), hold('h', '6')).when(settle('h', '3'))
      .thenRecords(event('UsageSettled', {
        final: true, total: '3', cost: '3', charged: '3',
        fromHeld: [{ grant: 'grant/g', amount: '2' }, { grant: 'purchase/b', amount: '1' }], released: fromB('3'),
      })).without('fromFree', 'owed', 'lapsed', 'late', 'uncharged', 'stillHeld')
      .thenGrants({ 'grant/g': ['0', '0'], 'purchase/b': ['8', '0'] }).thenBalance({ remaining: '8', held: '0', available: '8', debt: '0' })
      .thenAnswers({ hold: { status: 'settled', cost: '3', held: '0', amount: '6' } });
  });

  it('at it takes all, and nothing goes back', () => {
    given(buy('b', '9'), hold('h', '4')).when(settle('h', '4')).thenRecords(event('UsageSettled', { fromHeld: fromB('4') })).without('released').thenBalance({ available: '5' });
  });

  it('for nothing closes it and gives all back', () => {
    given(buy('b', '9'), hold('h', '4')).when(settle('h', '0')).thenRecords(event('UsageSettled', { cost: '0', released: fromB('4') })).without('fromHeld').thenBalance({ available: '9' });
  });

  it('above it takes the excess from what is free, in burn order', () => {
    given(buy('b', '9'), hold('h', '4'), grant('g', '2', { priority: 1 })).when(settle('h', '7'))
      .thenRecords(event('UsageSettled', { cost: '7', fromHeld: fromB('4'), fromFree: [{ grant: 'grant/g', amount: '2' }, { grant: 'purchase/b', amount: '1' }] }))
      .thenBalance({ remaining: '4', debt: '0' });
  });

  it('above all there is: what is still missing is debt, and the account is overdrawn', () => {
    given(buy('b', '9'), hold('h', '4')).when(settle('h', '12'))
      .thenRecords(event('UsageSettled', { cost: '12', fromHeld: fromB('4'), fromFree: fromB('5'), owed: { from: '0', amount: '3' } }))
      .thenBalance({ remaining: '-3', held: '0', available: '-3', debt: '3' });
  });

  it('never takes from what other holds hold', () => {
    given(buy('b', '9'), hold('h', '4'), hold('other', '5')).when(settle('h', '6')).thenRecords(event('UsageSettled', { owed: { from: '0', amount: '2' } }))
      .thenBalance({ remaining: '3', held: '5', available: '-2', debt: '2' });
  });

  it('is possible while the account is overdrawn', () => {
    given(buy('b', '9'), hold('h', '4'), report('u', '6', at(0))).when(settle('h', '4')).thenRecords(event('UsageSettled', { cost: '4' })).thenBalance({ debt: '1', held: '0' });
  });

  it('prices usage by the version and instant the hold pinned, however late', () => {
    given(buy('b', '9'), holdFor('h', { model: 'chat', usage: { output_tokens: '4000' } }, { ttlSeconds: 8 * HOUR }), wait(3 * HOUR))
      .when(settleUsage('h', { output_tokens: '1000' })).thenRecords(event('UsageSettled', { cost: '1.5', price: { catalog: 'dollars', version: 1, at: at(0), exact: '1.5', breakdown: expect.anything() } }));
  });

  it('keeps the facts of the work for the usage log', () => {
    given(buy('b', '9'), hold('h', '4')).when(settle('h', '3', { facts: { statusCode: 200, group: 'chat' } })).thenRecords(event('UsageSettled', { facts: { statusCode: 200, group: 'chat' } }));
  });

  it('of an id that was never used is not found', () => {
    given().when(settle('h', '3')).thenRejects('not_found').thenRecordsNothing();
  });
});

describe('a partial capture', () => {
  it('charges and keeps the rest held', () => {
    given(buy('b', '9'), hold('h', '6')).when(capture('h', '2'))
      .thenRecords(event('UsageSettled', { final: false, cost: '2', charged: '2', stillHeld: '4' })).without('released')
      .thenBalance({ remaining: '7', held: '4', available: '3' }).thenAnswers({ hold: { status: 'open', cost: '2', held: '4', amount: '6' } });
  });

  it('states the total so far: only what is beyond what was charged before is charged', () => {
    given(buy('b', '9'), hold('h', '6'), capture('h', '2')).when(capture('h', '3')).thenRecords(event('UsageSettled', { total: '3', cost: '1', charged: '3', stillHeld: '3' }));
  });

  it('repeated charges nothing and records nothing', () => {
    given(buy('b', '9'), hold('h', '6'), capture('h', '2')).when(capture('h', '2')).thenRecordsNothing().thenAnswers({ repeated: true, hold: { cost: '2', held: '4' } });
    given(buy('b', '9'), hold('h', '6')).when(capture('h', '0')).thenRecordsNothing();
  });

  it('then a final settle closes the hold and gives the rest back', () => {
    given(buy('b', '9'), hold('h', '6'), capture('h', '2')).when(settle('h', '5'))
      .thenRecords(event('UsageSettled', { final: true, total: '5', cost: '3', charged: '5', released: fromB('1') })).thenBalance({ available: '4', held: '0' })
      .thenAnswers({ hold: { status: 'settled', cost: '5' } });
    given(buy('b', '9'), hold('h', '6'), capture('h', '2')).when(settle('h', '2')).thenRecords(event('UsageSettled', { cost: '0', released: fromB('4') }));
  });

  it('may go above the hold and into debt, and the hold stays open', () => {
    given(buy('b', '7'), hold('h', '6')).when(capture('h', '10'))
      .thenRecords(event('UsageSettled', { cost: '10', fromFree: fromB('1'), owed: { from: '0', amount: '3' }, stillHeld: '0' }))
      .thenAnswers({ hold: { status: 'open', held: '0', cost: '10' } }).thenBalance({ debt: '3' });
  });

  it('of less than was charged is refused: correct it with a refund', () => {
    given(buy('b', '9'), hold('h', '6'), capture('h', '3')).when(capture('h', '2.99')).thenRejects('state_conflict', { total: '2.99', charged: '3' }).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '6'), capture('h', '3')).when(settle('h', '2.99')).thenRejects('state_conflict').thenRecordsNothing();
  });

  it('is not charged again after it was refunded', () => {
    given(buy('b', '9'), hold('h', '6'), capture('h', '3'), refundCharge('r', 'h')).when(settle('h', '4')).thenRecords(event('UsageSettled', { cost: '1', charged: '4' }));
  });
});

describe('a hold with onExcess: cap', () => {
  const capped = hold('h', '4', { onExcess: 'cap' });

  it('is charged at most what it holds; the event records what stayed uncharged', () => {
    given(buy('b', '9'), capped).when(settle('h', '7')).thenRecords(event('UsageSettled', { total: '7', cost: '4', charged: '4', uncharged: '3', fromHeld: fromB('4') }))
      .without('fromFree', 'owed').thenBalance({ available: '5', debt: '0' }).thenAnswers({ hold: { cost: '4' } });
  });

  it('counts what was captured before towards what it holds', () => {
    given(buy('b', '9'), capped, capture('h', '3')).when(settle('h', '7')).thenRecords(event('UsageSettled', { cost: '1', charged: '4', uncharged: '3' }));
  });

  it('captured in part up to what it holds, records no more captures that charge nothing', () => {
    given(buy('b', '9'), capped, capture('h', '7')).when(capture('h', '7')).thenRecordsNothing().thenAnswers({ repeated: true, hold: { status: 'open', held: '0', cost: '4' } });
    given(buy('b', '9'), capped, capture('h', '7')).when(settle('h', '7')).thenRecords(event('UsageSettled', { cost: '0', charged: '4', uncharged: '3' }));
  });
});

describe('a settle after expiry', () => {
  it('within the late window still charges, is marked late and is final', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900 + HOUR), show('h')).when(settle('h', '3'))
      .thenRecords(event('UsageSettled', { late: true, final: true, cost: '3', fromFree: fromB('3') })).without('fromHeld', 'released')
      .thenAnswers({ hold: { status: 'settled', late: true, cost: '3', held: '0' } }).thenBalance({ available: '6' });
  });

  it('that comes as the end is decided is late too', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(settle('h', '3')).thenRecords(event('HoldExpired'), event('UsageSettled', { late: true, cost: '3' }))
      .thenAnswers({ repeated: false, hold: { status: 'settled', late: true } });
  });

  it('is final whatever it says', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(capture('h', '3')).thenRecords(event('HoldExpired'), event('UsageSettled', { late: true, final: true }));
    for (const again of [capture('h', '3'), settle('h', '3')]) {
      given(buy('b', '9'), hold('h', '4'), wait(900), capture('h', '3')).when(again).thenRecordsNothing().thenAnswers({ repeated: true, hold: { status: 'settled' } });
    }
  });

  it('takes off what was captured before', () => {
    given(buy('b', '9'), hold('h', '4'), capture('h', '1'), wait(900)).when(settle('h', '3'))
      .thenRecords(event('HoldExpired', { released: fromB('3') }), event('UsageSettled', { total: '3', cost: '2', charged: '3' }));
    given(buy('b', '9'), hold('h', '4'), capture('h', '2'), wait(900), show('h')).when(settle('h', '1')).thenRejects('state_conflict');
  });

  it('may overdraw the account', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900), hold('other', '8')).when(settle('h', '3')).thenRecords(event('UsageSettled', { fromFree: fromB('1'), owed: { from: '0', amount: '2' } }));
  });

  it('of a capped hold charges at most the smaller of its amount and what is available', () => {
    const capped = hold('h', '4', { onExcess: 'cap' });
    given(buy('b', '9'), capped, wait(900), show('h')).when(settle('h', '7')).thenRecords(event('UsageSettled', { cost: '4', uncharged: '3' }));
    given(buy('b', '9'), capped, wait(900), hold('other', '8')).when(settle('h', '7')).thenRecords(event('UsageSettled', { cost: '1', uncharged: '6', fromFree: fromB('1') })).without('owed');
    given(buy('b', '9'), capped, wait(900), report('u', '10', at(900))).when(settle('h', '7')).thenRecords(event('UsageSettled', { cost: '0', uncharged: '7' }));
    given(buy('b', '9'), capped, capture('h', '3'), wait(900), show('h')).when(settle('h', '7')).thenRecords(event('UsageSettled', { cost: '1', charged: '4', uncharged: '3' }));
  });

  it('after the late window, whose end is exclusive, is refused', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900 + 24 * HOUR), show('h')).when(settle('h', '3')).thenRejects('hold_closed', { hold: { status: 'expired' } }).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '4'), wait(900 + 24 * HOUR - 1), show('h')).when(settle('h', '3')).thenRecords(event('UsageSettled', { late: true }));
  });

  it('counts the window from the end the hold had been given last', () => {
    given(buy('b', '9'), hold('h', '4'), increase('h', undefined, HOUR), wait(25 * HOUR - 1)).when(settle('h', '3')).thenRecords(event('HoldExpired'), event('UsageSettled', { late: true }));
    given(buy('b', '9'), hold('h', '4'), increase('h', '6'), wait(900), show('h')).when(settle('h', '3')).thenAnswers({ hold: { amount: '6', late: true } });
  });
});

describe('settling twice', () => {
  it('the same final settle again answers the first answer, whatever happened since', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3'), charge('c', '2'), refundCharge('r', 'h', '1'), wait(48 * HOUR)).when(settle('h', '3.0'))
      .thenRecordsNothing().thenAnswers({ repeated: true, balance: { remaining: '6', held: '0', debt: '0' }, hold: { status: 'settled', cost: '3', held: '0' }, fact: { type: 'UsageSettled' } });
    given(buy('b', '9'), hold('h', '4'), wait(900), settle('h', '3'), wait(48 * HOUR)).when(settle('h', '3')).thenRecordsNothing().thenAnswers({ repeated: true, hold: { late: true } });
  });

  it('with another total is refused, showing the hold, so that no cost is dropped in silence', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(settle('h', '4')).thenRejects('hold_closed', { hold: { status: 'settled', cost: '3' } }).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '4'), wait(900), settle('h', '3')).when(settle('h', '4')).thenRejects('hold_closed', { hold: { late: true } });
  });

  it('with other content is refused even where the price is the same', () => {
    given(buy('b', '9'), holdFor('h', { model: 'chat', usage: { output_tokens: '4000' } }), settleUsage('h', { output_tokens: '1000' })).when(settle('h', '1.5')).thenRejects('hold_closed');
  });

  it('in part is refused once the hold is closed, however it closed', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(capture('h', '3')).thenRejects('hold_closed');
    given(buy('b', '9'), hold('h', '4'), release('h')).when(capture('h', '3')).thenRejects('hold_closed', { hold: { status: 'released' } });
    given(buy('b', '9'), charge('h', '4')).when(capture('h', '4')).thenRejects('hold_closed', { hold: { status: 'settled', cost: '4' } });
  });

  it('after a release is refused', () => {
    given(buy('b', '9'), hold('h', '4'), capture('h', '1'), release('h')).when(settle('h', '3')).thenRejects('hold_closed', { hold: { status: 'released', cost: '1' } });
  });
});
