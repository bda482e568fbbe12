import { DEARER_FROM, dollars } from '../testing/catalogs.js';
import { buy, charge, chargeFor, hold, release, report, reportFor, settle } from '../testing/commands.js';
import { at, DAY, event, HOUR, refused, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);
const tokens = { model: 'chat', usage: { output_tokens: '1000' } };

describe('charging a price known beforehand', () => {
  it('is hold and settle in one: taken from what is free, in burn order', () => {
    given(buy('b', '9')).when(charge('c', '4')).thenRecords(event('UsageSettled', { chargeId: 'c', via: 'charge', final: true, cost: '4', total: '4', charged: '4', fromFree: [{ grant: 'purchase/b', amount: '4' }] }))
      .without('fromHeld', 'owed').thenBalance({ remaining: '5', held: '0' }).thenAnswers({ balance: { remaining: '5', held: '0', debt: '0' } });
  });

  it('takes no more than is available, and nothing while overdrawn', () => {
    given(buy('b', '9'), hold('h', '5')).when(charge('c', '4.01')).thenRejects('insufficient_credits', { available: '4', required: '4.01' }).thenRecordsNothing();
    given(report('u', '1', at(0))).when(charge('c', '1')).thenRejects('overdrawn');
  });

  it('again answers the first answer, with other content it is a conflict', () => {
    given(buy('b', '9'), charge('c', '4'), charge('d', '1'), wait(DAY)).when(charge('c', '4.0')).thenRecordsNothing().thenAnswers({ repeated: true, balance: { remaining: '5', held: '0', debt: '0' } });
    given(buy('b', '9'), charge('c', '4')).when(charge('c', '5')).thenRejects('idempotency_conflict');
    given(buy('b', '9'), chargeFor('c', tokens)).when(charge('c', '1.5')).thenRejects('idempotency_conflict');
  });

  it('shares its ids with holds', () => {
    given(buy('b', '9'), hold('h', '4')).when(charge('h', '4')).thenRejects('idempotency_conflict');
    given(buy('b', '9'), hold('h', '4'), settle('h', '4')).when(charge('h', '4')).thenRejects('idempotency_conflict');
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(charge('h', '4')).thenRejects('idempotency_conflict').thenRecords(event('HoldExpired'));
  });

  it('is decided afresh where it was refused: a retry after buying credit works', () => {
    given(refused(charge('c', '4')), buy('b', '9')).when(charge('c', '4')).thenRecords(event('UsageSettled'));
  });
});

describe('reported usage', () => {
  it('brings its own time, which chooses the price and nothing else', () => {
    given(buy('b', '9'), wait(3 * HOUR)).when(reportFor('u', tokens, at(HOUR)))
      .thenRecords(event('UsageSettled', { via: 'usage', source: 'gateway', chargeId: 'u', cost: '1.5', price: { catalog: 'dollars', version: 1, at: at(HOUR), exact: '1.5', breakdown: expect.anything() } }))
      .thenRecordedAt(at(3 * HOUR)).thenAnswers({ fact: { type: 'UsageSettled', occurredAt: at(HOUR) } as never });
    given(buy('b', '9'), wait(HOUR)).when(reportFor('u', tokens, DEARER_FROM)).thenRejects('invalid_request');
    given(buy('b', '9'), wait(2 * HOUR)).when(reportFor('u', tokens, DEARER_FROM)).thenRecords(event('UsageSettled', { cost: '3' }));
  });

  it('burns credit as it stands when recorded, not as it stood when it occurred', () => {
    given(wait(HOUR), buy('b', '9')).when(report('u', '4', at(0))).thenRecords(event('UsageSettled', { fromFree: [{ grant: 'purchase/b', amount: '4' }] }));
  });

  it('is never refused for lack of credit: the account goes overdrawn, further and further', () => {
    given(buy('b', '3')).when(report('u', '4', at(0))).thenRecords(event('UsageSettled', { fromFree: [{ grant: 'purchase/b', amount: '3' }], owed: { from: '0', amount: '1' } })).thenBalance({ available: '-1', debt: '1' });
    given(buy('b', '3'), report('u', '4', at(0))).when(report('v', '2', at(0))).thenRecords(event('UsageSettled', { owed: { from: '1', amount: '2' } })).thenBalance({ available: '-3', debt: '3' });
  });

  it('more than 5 minutes in the future is refused; any past is taken', () => {
    given(buy('b', '9')).when(report('u', '1', at(300.001))).thenRejects('invalid_request', { errors: [{ path: 'time' }] });
    given(buy('b', '9')).when(report('u', '1', at(300))).thenRecords(event('UsageSettled'));
    given(buy('b', '9')).when(report('u', '1', '2001-01-01T00:00:00.000Z')).thenRecords(event('UsageSettled'));
  });

  it('counts the 5 minutes from the account\'s now', () => {
    given(wait(60), buy('b', '9'), wait(-60)).when(report('u', '1', at(360))).thenRecords(event('UsageSettled'));
  });

  it('is known by source and id: again it changes nothing, also when its time has become too far ahead', () => {
    given(buy('b', '9'), report('u', '1', at(0)), wait(DAY)).when(report('u', '1.0', at(0))).thenRecordsNothing().thenAnswers({ repeated: true, balance: { remaining: '8', held: '0', debt: '0' } });
    given(buy('b', '9'), report('u', '1', at(0))).when(report('u', '1', at(0), 'other')).thenRecords(event('UsageSettled', { source: 'other' }));
    given(buy('b', '9'), report('u', '1', at(0))).when(report('u', '2', at(0))).thenRejects('idempotency_conflict');
    given(buy('b', '9'), report('u', '1', at(0))).when(report('u', '1', at(1))).thenRejects('idempotency_conflict');
  });

  it('shares no ids with holds and charges', () => {
    given(buy('b', '9'), hold('x', '1'), release('x')).when(report('x', '1', at(0))).thenRecords(event('UsageSettled'));
    given(buy('b', '9'), charge('x', '1')).when(report('x', '1', at(0))).thenRecords(event('UsageSettled'));
  });
});
