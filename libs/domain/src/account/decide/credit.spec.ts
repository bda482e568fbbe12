import { formatAmount } from '#libs/money';
import { dollars, wholeCredits } from '../testing/catalogs.js';
import { buy, buyPack, charge, grant, hold, report } from '../testing/commands.js';
import { at, DAY, event, refused, specFor, wait } from '../testing/given.js';

const given = specFor(dollars);
const givenWhole = specFor(wholeCredits);

describe('buying credit', () => {
  it('forms a grant of its own, which burns at priority 50 and never ends unless said', () => {
    given().when(buy('b', '20')).thenRecords(event('CreditsPurchased', { purchaseId: 'b', grant: 'purchase/b', amount: '20', priority: 50, expiresAt: null, balance: { remaining: '20', held: '0', debt: '0' } }))
      .thenGrants({ 'purchase/b': ['20', '0'] });
    given().when(buy('b', '20', { priority: 7, expiresAt: at(DAY) })).thenRecords(event('CreditsPurchased', { priority: 7, expiresAt: at(DAY) }));
  });

  it('states what was paid; in a currency unit it is the amount', () => {
    given().when(buy('b', '20')).thenRecords(event('CreditsPurchased', { paid: { amount: '20', currency: 'USD' } }));
    given().when(buy('b', '22', { paid: { amount: '20.00', currency: 'USD' } })).thenRecords(event('CreditsPurchased', { amount: '22', paid: { amount: '20', currency: 'USD' } }));
    givenWhole().when(buy('b', '300')).thenRejects('invalid_request', { errors: [{ path: 'paid' }] });
    given().when(buy('b', '20', { paid: { amount: '20', currency: 'EUR' } })).thenRejects('invalid_request', { errors: [{ path: 'paid.currency' }] });
  });

  it('counts what was paid towards the tiers, not what was credited and no gift', () => {
    const { account: { totals } } = given(buy('a', '22', { paid: { amount: '20', currency: 'USD' } }), grant('g', '5')).when(buy('b', '1'));
    expect(formatAmount(totals.purchased)).toBe('21');
  });

  it('of a pack gives what the catalog sells it as', () => {
    givenWhole().when(buyPack('b', 'small')).thenRecords(event('CreditsPurchased', { amount: '300', paid: { amount: '9.99', currency: 'USD' }, expiresAt: at(30 * DAY), pack: 'small' }));
    givenWhole().when(buyPack('b', 'small', { validity: 'lifetime' })).thenRecords(event('CreditsPurchased', { paid: { amount: '14.99', currency: 'USD' }, expiresAt: null, validity: 'lifetime' }));
    givenWhole().when(buyPack('b', 'large')).thenRejects('invalid_request', { packs: ['small'] });
    givenWhole().when(buyPack('b', 'small', { validity: '90d' })).thenRejects('invalid_request', { validities: ['30d', 'lifetime'] });
    givenWhole().when(buyPack('b', 'small', { expiresAt: at(DAY) })).thenRejects('invalid_request', { errors: [{ path: 'pack' }] });
  });

  it('is of a pack or of an amount', () => {
    given().when({ type: 'BuyCredit', id: 'b', idempotencyKey: 'b' }).thenRejects('invalid_request');
    given().when({ ...buyPack('b', 'ten'), amount: '10' }).thenRejects('invalid_request');
    given().when(buy('b', '10', { validity: '30d' })).thenRejects('invalid_request', { errors: [{ path: 'validity' }] });
  });

  it('has a priority of 0 to 100', () => {
    for (const priority of [-1, 101, 1.5, Number.NaN]) {
      given().when(buy('b', '10', { priority })).thenRejects('invalid_request', { errors: [{ path: 'priority' }] });
      given().when(grant('g', '10', { priority })).thenRejects('invalid_request', { errors: [{ path: 'priority' }] });
    }
  });
});

describe('giving credit', () => {
  it('forms a grant for which nothing was paid', () => {
    given().when(grant('g', '0.5', { kind: 'signup_bonus', priority: 10, expiresAt: at(DAY), reason: 'welcome' }))
      .thenRecords(event('CreditsGranted', { grantId: 'g', grant: 'grant/g', kind: 'signup_bonus', amount: '0.5', priority: 10, expiresAt: at(DAY), reason: 'welcome' }))
      .thenGrants({ 'grant/g': ['0.5', '0'] });
  });

  it('shares no ids with purchases', () => {
    given(buy('x', '1')).when(grant('x', '2')).thenRecords(event('CreditsGranted')).thenGrants({ 'purchase/x': ['1', '0'], 'grant/x': ['2', '0'] });
  });
});

describe('an expiry', () => {
  it('that is not in the future is refused, by the account\'s now', () => {
    for (const expiresAt of [at(0), at(-1)]) {
      given().when(buy('b', '1', { expiresAt })).thenRejects('invalid_request', { errors: [{ path: 'expiresAt' }] });
      given().when(grant('g', '1', { expiresAt })).thenRejects('invalid_request', { errors: [{ path: 'expiresAt' }] });
    }
    given().when(buy('b', '1', { expiresAt: at(0.001) })).thenRecords(event('CreditsPurchased'));
    // This process's clock is a minute behind the account.
    given(wait(60), buy('a', '1'), wait(-60)).when(buy('b', '1', { expiresAt: at(60) })).thenRejects('invalid_request');
  });

  it('that was in the future when it was asked for does not stand in the way of a repeat', () => {
    given(buy('b', '1', { expiresAt: at(10) }), wait(20)).when(buy('b', '1', { expiresAt: at(10) })).thenRecords(event('PackExpired')).thenAnswers({ repeated: true, balance: { remaining: '1', held: '0', debt: '0' } });
  });
});

describe.each([
  ['purchase', buy, 'CreditsPurchased'],
  ['grant', grant, 'CreditsGranted'],
] as const)('a %s sent again', (_name, send, type) => {
  it('with the same content has the first answer, at any later time', () => {
    given(send('x', '5'), charge('c', '2'), wait(400 * DAY)).when(send('x', '5.00')).thenRecordsNothing()
      .thenAnswers({ repeated: true, revision: 1, balance: { remaining: '5', held: '0', debt: '0' }, fact: { type } });
  });

  it('with other content is an idempotency conflict', () => {
    for (const other of [send('x', '6'), send('x', '5', { priority: 1 }), send('x', '5', { expiresAt: at(DAY) })]) {
      given(send('x', '5')).when(other).thenRejects('idempotency_conflict').thenRecordsNothing();
    }
  });

  it('is known by its id and by its key alike', () => {
    const first = send('x', '5', { idempotencyKey: 'key-1' });
    given(first).when({ ...first, idempotencyKey: 'key-2' }).thenRecordsNothing().thenAnswers({ repeated: true });
    given(first).when({ ...first, id: 'y' }).thenRejects('idempotency_conflict');
    given(first).when(send('key-1', '5')).thenRejects('idempotency_conflict');
    given(first).when(send('y', '5')).thenRecords(event(type));
  });

  it('is decided afresh where it was refused: only an accepted command uses up its key', () => {
    given(refused(send('x', '5', { expiresAt: at(-1) }))).when(send('x', '6')).thenRecords(event(type, { amount: '6' }));
  });

  it('pays debt at once, oldest charge first', () => {
    given(report('u1', '2', at(0)), report('u2', '4', at(0))).when(send('x', '5')).thenRecords(event(type, { debtPaid: [{ grant: `${_name}/x`, from: '0', amount: '5' }] })).thenBalance({ debt: '1', remaining: '-1', available: '-1' });
    given(report('u', '2', at(0))).when(send('x', '5')).thenBalance({ debt: '0', available: '3' });
    given(report('u', '2', at(0)), send('x', '5')).when(hold('h', '3')).thenRecords(event('HoldPlaced'));
  });
});
