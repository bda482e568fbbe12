import { dollars, wholeCredits } from './testing/catalogs.js';
import { buy, capture, charge, chargeFor, grant, hold, holdFor, increase, refundCharge, report, settle, settleUsage } from './testing/commands.js';
import { at, event, specFor } from './testing/given.js';

const given = specFor(dollars);
const givenWhole = specFor(wholeCredits);
const paid = { paid: { amount: '9.99', currency: 'USD' } };

describe('amounts', () => {
  it('are exact: no digit is lost or made up', () => {
    given(buy('b', '0.1'), buy('c', '0.2')).when(hold('h', '0.3')).thenBalance({ remaining: '0.3', held: '0.3', available: '0' });
    given(buy('b', '999999999999999999')).when(charge('c', '0.000000000001')).thenBalance({ remaining: '999999999999999998.999999999999' });
  });

  it('mean the same however they are written', () => {
    given(buy('b', '10.50'), hold('h', '4')).when(hold('h', '4.00')).thenRecordsNothing().thenAnswers({ repeated: true });
    given(buy('b', '10.50')).when(buy('b', '10.5')).thenRecordsNothing().thenAnswers({ repeated: true });
  });

  it.each(['1.0000000000001', '-1', '+1', '1e3', '1.', '.5', '01', '', ' 1', '1,5', 'NaN', '0x1', '١', '1000000000000000000'])(
    'that are no plain decimal of the scale are refused: %j', (amount) => {
      given().when(buy('b', amount)).thenRejects('invalid_request');
      given().when(grant('g', amount)).thenRejects('invalid_request');
      given(buy('b', '5')).when(hold('h', amount)).thenRejects('invalid_request');
      given(buy('b', '5'), hold('h', '1')).when(settle('h', amount)).thenRejects('invalid_request');
      given(buy('b', '5'), hold('h', '1')).when(increase('h', amount)).thenRejects('invalid_request');
      given(buy('b', '5')).when(charge('c', amount)).thenRejects('invalid_request');
      given(buy('b', '5')).when(report('u', amount, at(0))).thenRejects('invalid_request');
      given(buy('b', '5'), charge('c', '1')).when(refundCharge('r', 'c', amount)).thenRejects('invalid_request');
    });

  it('of more digits than the account\'s scale are refused; zeros beyond it change nothing', () => {
    givenWhole().when(buy('b', '1.5', paid)).thenRejects('invalid_request', { errors: [{ path: 'amount' }] });
    givenWhole().when(buy('b', '2.00', paid)).thenRecords(event('CreditsPurchased', { amount: '2' }));
    givenWhole(buy('b', '9', paid)).when(hold('h', '0.1')).thenRejects('invalid_request');
  });

  it('may be zero in a hold, a charge and a settle', () => {
    given().when(hold('h', '0')).thenRecords(event('HoldPlaced', { amount: '0', parts: [] }));
    given(hold('h', '0')).when(settle('h', '0')).thenRecords(event('UsageSettled', { cost: '0', total: '0' })).thenAnswers({ hold: { status: 'settled', cost: '0' } });
    given().when(charge('c', '0')).thenRecords(event('UsageSettled', { cost: '0' }));
  });

  it('may not be zero in a purchase, a grant or a refund', () => {
    given().when(buy('b', '0')).thenRejects('invalid_request');
    given().when(grant('g', '0')).thenRejects('invalid_request');
    given(buy('b', '5'), charge('c', '1')).when(refundCharge('r', 'c', '0')).thenRejects('invalid_request');
  });
});

describe('a priced charge', () => {
  const tokens = (output_tokens: string) => ({ model: 'chat', usage: { output_tokens } });

  it('is computed exactly and rounded once, to the scale; the event tells both and how it came about', () => {
    givenWhole(buy('b', '9', paid)).when(chargeFor('c', { model: 'clip', usage: { seconds: '5' } })).thenRecords(event('UsageSettled', {
      cost: '2', price: {
        catalog: 'whole', version: 1, at: at(0), exact: '1.665',
        breakdown: [{ component: 'seconds', quantity: '5', unitPrice: '0.333', amount: '1.665' }],
      },
    }));
    given(buy('b', '9')).when(chargeFor('c', tokens('1234'))).thenRecords(event('UsageSettled', { cost: '1.734', request: tokens('1234') }));
  });

  it('is not of whole credits until it is added up: fees and minimums count once however often a hold is captured', () => {
    given(buy('b', '9'), holdFor('h', tokens('4000')), { ...settleUsage('h', { output_tokens: '1000' }), final: false })
      .when(settleUsage('h', { output_tokens: '2000' })).thenRecords(event('UsageSettled', { total: '2.5', cost: '1', charged: '2.5' }));
    givenWhole(buy('b', '9', paid), holdFor('h', { model: 'clip', usage: { seconds: '10' } }), capture('h', '1'))
      .when(settleUsage('h', { seconds: '4' })).thenRecords(event('UsageSettled', { total: '2', cost: '1' }));
  });

  it('is usage or an amount, never both and never neither', () => {
    given(buy('b', '9')).when({ ...hold('h', '1'), request: tokens('1') }).thenRejects('invalid_request');
    given(buy('b', '9')).when({ type: 'PlaceHold', holdId: 'h' }).thenRejects('invalid_request');
    given(buy('b', '9'), hold('h', '1')).when({ ...settle('h', '1'), usage: { output_tokens: '1' }, model: 'chat' }).thenRejects('invalid_request');
    given(buy('b', '9'), hold('h', '1')).when({ type: 'SettleHold', holdId: 'h', final: true }).thenRejects('invalid_request');
    // Also where the rest would be a repeat.
    given(buy('b', '9'), holdFor('h', tokens('1'))).when({ ...holdFor('h', tokens('1')), amount: '1' }).thenRejects('invalid_request');
  });

  it('of an unknown model, meter or parameter is refused, and nothing is held', () => {
    given(buy('b', '9')).when(holdFor('h', { model: 'chatt', usage: {} })).thenRejects('unknown_model').thenRecordsNothing();
    given(buy('b', '9')).when(holdFor('h', { model: 'chat', usage: { images: '1' } })).thenRejects('unpriced_parameters').thenRecordsNothing();
  });

  it('settles by the model and parameters of the hold where the settle names none', () => {
    given(buy('b', '9'), holdFor('h', tokens('4000'))).when(settleUsage('h', { output_tokens: '1000' }))
      .thenRecords(event('UsageSettled', { cost: '1.5', request: tokens('1000') }));
    given(buy('b', '9'), hold('h', '4')).when(settleUsage('h', { output_tokens: '1000' })).thenRejects('invalid_request', { errors: [{ path: 'model' }] });
    given(buy('b', '9'), hold('h', '4')).when(settleUsage('h', { output_tokens: '1000' }, { model: 'chat' })).thenRecords(event('UsageSettled', { cost: '1.5' }));
  });
});
