import { dollars } from '../testing/catalogs.js';
import { buy, capture, charge, grant, hold, release, report, settle, show, wake } from '../testing/commands.js';
import { at, DAY, event, HOUR, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);
const fromB = (amount: string) => [{ grant: 'purchase/b', amount }];

describe('releasing a hold', () => {
  it('returns everything still held to where it came from', () => {
    given(buy('b', '9'), grant('g', '1', { priority: 1 }), hold('h', '4')).when(release('h', { reason: 'upstream 502', facts: { statusCode: 502 } }))
      .thenRecords(event('HoldReleased', { holdId: 'h', reason: 'upstream 502', facts: { statusCode: 502 }, released: [{ grant: 'grant/g', amount: '1' }, ...fromB('3')] }))
      .thenGrants({ 'grant/g': ['1', '0'], 'purchase/b': ['9', '0'] }).thenAnswers({ hold: { status: 'released', held: '0', cost: '0' } });
  });

  it('leaves charged what was captured', () => {
    given(buy('b', '9'), hold('h', '4'), capture('h', '1')).when(release('h')).thenRecords(event('HoldReleased', { released: fromB('3') }))
      .thenBalance({ remaining: '8', held: '0' }).thenAnswers({ hold: { status: 'released', cost: '1' } });
  });

  it('pays debt with what it frees, in the same command', () => {
    given(buy('b', '9'), hold('h', '4'), report('u', '6', at(0))).when(release('h'))
      .thenRecords(event('HoldReleased', { released: fromB('4'), debtPaid: [{ grant: 'purchase/b', from: '0', amount: '1' }] })).thenBalance({ available: '3', debt: '0' });
  });
});

describe('releasing a closed hold', () => {
  it('changes nothing and tells how it had ended', () => {
    given(buy('b', '9'), hold('h', '4'), settle('h', '3')).when(release('h')).thenRecordsNothing().thenAnswers({ repeated: true, outcome: 'already_settled', hold: { status: 'settled', cost: '3' } });
    given(buy('b', '9'), hold('h', '4'), release('h')).when(release('h')).thenRecordsNothing().thenAnswers({ outcome: 'already_released', hold: { status: 'released' } });
    given(buy('b', '9'), hold('h', '4'), wait(900), wake).when(release('h')).thenRecordsNothing().thenAnswers({ outcome: 'expired', hold: { status: 'expired' } });
    given(buy('b', '9'), hold('h', '4'), wait(900), settle('h', '3')).when(release('h')).thenRecordsNothing().thenAnswers({ outcome: 'already_settled', hold: { late: true } });
    given(buy('b', '9'), charge('h', '4')).when(release('h')).thenRecordsNothing().thenAnswers({ outcome: 'already_settled' });
  });

  it('tells so too of one that ends as this is decided', () => {
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(release('h')).thenRecords(event('HoldExpired')).thenAnswers({ outcome: 'expired', hold: { status: 'expired' } });
  });

  it('of an id that was never used is not found', () => {
    given().when(release('h')).thenRejects('not_found').thenRecordsNothing();
  });
});

describe('a hold past its time to live', () => {
  it('expires, and returns everything still held', () => {
    given(buy('b', '9'), hold('h', '4'), capture('h', '1'), wait(900)).when(wake).thenRecords(event('HoldExpired', { holdId: 'h', released: fromB('3') })).thenBalance({ remaining: '8', held: '0' });
  });

  it('is over at its end: the end is exclusive', () => {
    given(buy('b', '9'), hold('h', '4'), wait(899.999)).when(settle('h', '3')).thenRecords(event('UsageSettled')).without('late');
    given(buy('b', '9'), hold('h', '4'), wait(900)).when(show('h')).thenAnswers({ hold: { status: 'expired' } });
  });

  it('pays debt with what it frees', () => {
    given(buy('b', '9'), hold('h', '4'), report('u', '6', at(0)), wait(900)).when(wake).thenRecords(event('HoldExpired', { debtPaid: [{ grant: 'purchase/b', from: '0', amount: '1' }] })).thenBalance({ available: '3', debt: '0' });
  });
});

describe('the end of a grant', () => {
  const ending = grant('g', '5', { expiresAt: at(HOUR), priority: 1 });

  it('takes its free part away', () => {
    given(ending, wait(HOUR)).when(wake).thenRecords(event('PackExpired', { grant: 'grant/g', amount: '5' })).thenRecordedAt(at(HOUR)).thenBalance({ remaining: '0' });
  });

  it('is exclusive: at it the grant is over, a millisecond before it is not', () => {
    given(ending, wait(HOUR)).when(charge('c', '1')).thenRejects('insufficient_credits', { available: '0' }).thenRecords(event('PackExpired'));
    given(ending, wait(HOUR - 0.001)).when(charge('c', '1')).thenRecords(event('UsageSettled'));
  });

  it('leaves what is held at that instant usable by its hold', () => {
    given(ending, hold('h', '3', { ttlSeconds: 2 * HOUR }), wait(HOUR)).when(settle('h', '3')).thenRecords(event('PackExpired', { amount: '2' }), event('UsageSettled', { fromHeld: [{ grant: 'grant/g', amount: '3' }] }));
  });

  it('is not written where nothing is free', () => {
    given(ending, hold('h', '5', { ttlSeconds: 2 * HOUR }), wait(HOUR)).when(wake).thenRecordsNothing();
    given(ending, charge('c', '5'), wait(HOUR)).when(wake).thenRecordsNothing();
  });

  it('lets what such a hold returns expire at once: by a settle, a release or its own end', () => {
    const held = [ending, buy('b', '9'), hold('h', '7', { ttlSeconds: 2 * HOUR }), wait(HOUR)] as const;
    const lapsed = [{ grant: 'grant/g', amount: '5' }];
    given(...held).when(settle('h', '1')).thenRecords(event('UsageSettled', { cost: '1', released: fromB('2'), lapsed: [{ grant: 'grant/g', amount: '4' }] })).thenBalance({ remaining: '9', held: '0' });
    given(...held).when(release('h')).thenRecords(event('HoldReleased', { released: fromB('2'), lapsed })).thenBalance({ remaining: '9' });
    given(...held, wait(HOUR)).when(wake).thenRecords(event('HoldExpired', { released: fromB('2'), lapsed })).thenBalance({ remaining: '9' });
  });

  it('and of a hold at one instant: the held part lapses', () => {
    given(ending, hold('h', '3', { ttlSeconds: HOUR }), wait(HOUR)).when(wake)
      .thenRecords(event('PackExpired', { amount: '2' }), event('HoldExpired', { lapsed: [{ grant: 'grant/g', amount: '3' }] })).thenBalance({ remaining: '0', held: '0' });
  });

  it('does not pay debt with what lapses', () => {
    given(ending, hold('h', '5', { ttlSeconds: 2 * HOUR }), report('u', '1', at(0)), wait(HOUR)).when(release('h')).thenRecords(event('HoldReleased', { lapsed: [{ grant: 'grant/g', amount: '5' }] })).thenBalance({ debt: '1', remaining: '-1' });
  });

  it('comes by itself to a grant whose credit came back before it', () => {
    given(ending, hold('h', '5'), wait(60), release('h'), wait(DAY)).when(wake).thenRecords(event('PackExpired', { amount: '5' })).thenRecordedAt(at(HOUR));
  });
});
