import { accountAsOf } from './transition.js';
import { dollars, START } from './testing/catalogs.js';
import { buy, charge, grant, hold, openAccount, refundCharge, report, settle, show, wake } from './testing/commands.js';
import { at, DAY, event, HOUR, specFor, wait } from './testing/given.js';
import { Journal } from './testing/journal.js';
import { balanceOf } from './state.js';

const given = specFor(dollars);

describe('the account\'s now', () => {
  it('is the wall clock, and never before the last recorded event: it never runs backwards, whichever process decides', () => {
    given(buy('b', '9'), wait(60), charge('c', '1'), wait(-30)).when(charge('d', '1')).thenRecords(event('UsageSettled')).thenRecordedAt(at(60));
    given(buy('b', '9'), wait(60), charge('c', '1'), wait(30)).when(charge('d', '1')).thenRecordedAt(at(90));
  });

  it('is what lives and expiries are counted from', () => {
    given(wait(60), buy('b', '9'), wait(-60)).when(hold('h', '1', { ttlSeconds: 10 })).thenRecords(event('HoldPlaced', { expiresAt: at(70) }));
  });

  it('brings nothing to its end before the wall clock, or the stream, is there', () => {
    given(buy('b', '9'), hold('h', '1'), wait(899)).when(show('h')).thenRecordsNothing();
    given(buy('b', '9'), hold('h', '1', { ttlSeconds: 30 }), wait(31), charge('c', '1'), wait(-31)).when(show('h')).thenRecordsNothing().thenAnswers({ hold: { status: 'expired' } });
  });
});

describe('what is due', () => {
  const ends = (id: string, seconds: number) => grant(id, '1', { expiresAt: at(seconds) });

  it('comes before every decision, in the order of the instants and dated with them', () => {
    given(buy('b', '9'), ends('y', 300), ends('x', 100), hold('h', '8', { ttlSeconds: 200 }), wait(HOUR)).when(charge('c', '1'))
      .thenRecords(event('HoldExpired', { holdId: 'h' }), event('PackExpired', { grant: 'grant/y' }), event('UsageSettled'))
      .thenRecordedAt(at(200), at(300), at(HOUR));
    given(buy('b', '9', { priority: 0 }), ends('y', 300), ends('x', 100), hold('h', '8', { ttlSeconds: 200 }), wait(HOUR)).when(charge('c', '1'))
      .thenRecords(event('PackExpired', { grant: 'grant/x' }), event('HoldExpired'), event('PackExpired', { grant: 'grant/y' }), event('UsageSettled'))
      .thenRecordedAt(at(100), at(200), at(300), at(HOUR));
  });

  it('comes before refusals and repeats too', () => {
    given(ends('x', 100), wait(HOUR)).when(charge('c', '1')).thenRejects('insufficient_credits', { available: '0' }).thenRecords(event('PackExpired'));
    given(ends('x', 100), buy('b', '1'), wait(HOUR)).when(buy('b', '1')).thenRecords(event('PackExpired')).thenAnswers({ repeated: true });
  });

  it('at one instant is grants before holds, then by id, so that every replay agrees', () => {
    given(buy('b', '9', { priority: 0 }), ends('y', 100), ends('x', 100), hold('k', '1', { ttlSeconds: 100 }), hold('i', '1', { ttlSeconds: 100 }), wait(100)).when(wake)
      .thenRecords(event('PackExpired', { grant: 'grant/x' }), event('PackExpired', { grant: 'grant/y' }), event('HoldExpired', { holdId: 'i' }), event('HoldExpired', { holdId: 'k' }));
  });

  it('may follow from what was due: a hold gives back to a grant that ends later', () => {
    given(ends('x', 200), hold('h', '1', { ttlSeconds: 100 }), wait(HOUR)).when(wake).thenRecords(event('HoldExpired', { released: [{ grant: 'grant/x', amount: '1' }] }), event('PackExpired', { amount: '1' })).thenRecordedAt(at(100), at(200));
  });

  it('is written once: waking an account twice is harmless', () => {
    given(ends('x', 100), wait(HOUR), wake).when(wake).thenRecordsNothing().thenAnswers({ repeated: true });
  });

  it('leaves for a refund what expired meanwhile', () => {
    given(ends('x', 100), charge('c', '1'), wait(100)).when(refundCharge('r', 'c')).thenRecords(event('RefundIssued', { newGrant: { grant: 'refund/r', amount: '1', priority: 50, expiresAt: at(100 + 30 * DAY) } }));
  });
});

describe('reported usage', () => {
  it('alone brings its own occurredAt; everything else happens when it is recorded', () => {
    given(buy('b', '9'), wait(HOUR)).when(report('u', '1', at(60))).thenAnswers({ fact: { occurredAt: at(60), recordedAt: at(HOUR) } as never });
    expect(given(buy('b', '9'), wait(HOUR)).when(charge('c', '1')).answer.fact).not.toHaveProperty('occurredAt');
  });
});

describe('an account as of an instant', () => {
  const journal = new Journal(dollars);
  for (const command of [openAccount, buy('b', '9'), grant('g', '1', { expiresAt: at(100) }), hold('h', '4', { ttlSeconds: 200 })]) journal.send(command, START);
  const availableAt = (seconds: number) => balanceOf(accountAsOf(journal.account, at(seconds))).available / 1_000_000_000_000n;

  it('has what was due by then applied, even before it is written', () => {
    expect([0, 99, 100, 199, 200].map(availableAt)).toEqual([6n, 6n, 6n, 6n, 9n]);
    // The grant burns before the purchase: its credit is held at its end, and lapses as the hold ends.
    journal.send(settle('h', '1'), at(50));
    expect([99, 100].map(availableAt)).toEqual([9n, 9n]);
  });

  it('is never before its last event', () => {
    expect(accountAsOf(journal.account, at(0))).toEqual(journal.account);
  });
});
