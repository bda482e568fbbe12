import { warningDollars } from './testing/catalogs.js';
import { buy, charge, grant, hold, openAccount, release, report, settle, wake } from './testing/commands.js';
import { at, event, HOUR, specFor, wait } from './testing/given.js';

const given = specFor(warningDollars);
const low = event('BalanceThresholdCrossed', { warning: 'low_balance', operator: 'below', threshold: '5' });
const critical = event('BalanceThresholdCrossed', { warning: 'critical_low_balance', operator: 'at_or_below', threshold: '1' });

describe('crossing a low-balance threshold', () => {
  it('is an event right after the one that crossed it, by the threshold\'s own operator', () => {
    given(buy('b', '9')).when(charge('c', '4')).thenRecords(event('UsageSettled'));
    given(buy('b', '9')).when(charge('c', '4.01')).thenRecords(event('UsageSettled'), event('BalanceThresholdCrossed', { ...low.data, available: '4.99' }));
    given(buy('b', '9'), charge('c', '5')).when(charge('d', '3')).thenRecords(event('UsageSettled'), event('BalanceThresholdCrossed', { ...critical.data, available: '1' }));
  });

  it('may pass several at once', () => {
    given(buy('b', '9')).when(charge('c', '9')).thenRecords(event('UsageSettled'), low, critical);
    given(buy('b', '9')).when(report('u', '20', at(0))).thenRecords(event('UsageSettled'), low, critical);
  });

  it('looks at available credit: a hold crosses, its release re-arms', () => {
    given(buy('b', '9')).when(hold('h', '6')).thenRecords(event('HoldPlaced'), low);
    given(buy('b', '9'), hold('h', '6')).when(settle('h', '6')).thenRecords(event('UsageSettled'));
    given(buy('b', '9'), hold('h', '6'), release('h')).when(hold('i', '6')).thenRecords(event('HoldPlaced'), low);
  });

  it('is told once, and again only after it has risen above', () => {
    given(buy('b', '9'), charge('c', '5')).when(charge('d', '1')).thenRecords(event('UsageSettled'));
    given(buy('b', '9'), charge('c', '5'), buy('d', '0.99')).when(charge('e', '1')).thenRecords(event('UsageSettled'));
    given(buy('b', '9'), charge('c', '5'), buy('d', '1')).when(charge('e', '1')).thenRecords(event('UsageSettled'), low);
  });

  it('is not told of an account that never had more', () => {
    given().when(openAccount).thenRecordsNothing();
    given().when(grant('g', '0.5')).thenRecords(event('CreditsGranted'));
  });

  it('by something that ended is dated with that end', () => {
    given(buy('b', '4'), grant('g', '4', { expiresAt: at(HOUR) }), wait(2 * HOUR)).when(wake).thenRecords(event('PackExpired'), low).thenRecordedAt(at(HOUR), at(HOUR));
  });

  it('is told although what ended afterwards raised it again, as it would have been had each been written in time', () => {
    given(buy('b', '9'), hold('h', '6', { ttlSeconds: 100 }), wait(50), grant('g', '4', { expiresAt: at(60) }), wait(100)).when(wake)
      .thenRecords(event('PackExpired'), low, event('HoldExpired')).thenRecordedAt(at(60), at(60), at(100));
  });

  it('is told also where the command that comes after is refused', () => {
    given(buy('b', '4'), grant('g', '4', { expiresAt: at(HOUR) }), wait(HOUR)).when(charge('c', '100')).thenRejects('insufficient_credits').thenRecords(event('PackExpired'), low);
  });
});
