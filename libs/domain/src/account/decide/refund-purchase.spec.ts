import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { formatAmount } from '#libs/money';
import { dollars, START, wholeCredits } from '../testing/catalogs.js';
import { buy, buyPack, charge, grant, hold, openAccount, refundPurchase, report } from '../testing/commands.js';
import { at, event, HOUR, specFor, wait } from '../testing/given.js';
import { Journal } from '../testing/journal.js';

const given = specFor(dollars);
const givenWhole = specFor(wholeCredits);
const paid = (amount: string) => ({ paid: { amount, currency: 'USD' } });
const usd = (amount: string) => ({ money: { amount, currency: 'USD' } });

describe('refunding a purchase', () => {
  it('gives back at most its free part, all of it where no amount is given', () => {
    given(buy('b', '9'), charge('c', '2'), hold('h', '3')).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', { purchase: 'b', amount: '4', ...usd('4') }))
      .thenBalance({ remaining: '3', held: '3', available: '0' });
    given(buy('b', '9'), charge('c', '2'), hold('h', '3')).when(refundPurchase('r', 'b', '4.01')).thenRejects('state_conflict', { refundable: '4' }).thenRecordsNothing();
    given(buy('b', '9'), charge('c', '9')).when(refundPurchase('r', 'b')).thenRejects('state_conflict', { refundable: '0' });
  });

  it('gives back nothing of what has expired', () => {
    given(buy('b', '9', { expiresAt: at(HOUR) }), wait(HOUR)).when(refundPurchase('r', 'b')).thenRejects('state_conflict').thenRecords(event('PackExpired'));
    given(buy('b', '9', { expiresAt: at(HOUR) }), wait(HOUR - 1)).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', { amount: '9' }));
  });

  it('is of purchases alone, by their own ids', () => {
    given(grant('b', '9')).when(refundPurchase('r', 'b')).thenRejects('not_found');
  });

  it('gives back no credit that paid debt', () => {
    given(report('u', '2', at(0)), buy('b', '9')).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', { amount: '7' }));
  });

  it('takes what was returned out of what was purchased, for the tiers', () => {
    const { account: { totals } } = given(buy('b', '9'), charge('c', '2')).when(refundPurchase('r', 'b', '3'));
    expect([formatAmount(totals.purchased), formatAmount(totals.refundedOut)]).toEqual(['6', '3']);
  });
});

describe('the money for a refunded purchase', () => {
  it('is the credit, to the last digit, where credit was sold for as much', () => {
    given(buy('b', '20'), charge('c', '0.037665')).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', { amount: '19.962335', ...usd('19.962335') }));
  });

  it('is in proportion to what was paid, rounded to the currency\'s minor unit', () => {
    givenWhole(buyPack('b', 'small'), charge('c', '100')).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', { amount: '200', ...usd('6.66') }));
    given(buy('b', '22', paid('20')), charge('c', '1')).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', { amount: '21', ...usd('19.09') }));
  });

  it('is rounded on the running total, so that all parts return exactly what was paid', () => {
    const thirds = [buy('b', '3', paid('1')), refundPurchase('r1', 'b', '1'), refundPurchase('r2', 'b', '1')] as const;
    givenWhole(thirds[0]).when(thirds[1]).thenRecords(event('RefundIssued', usd('0.33')));
    givenWhole(thirds[0], thirds[1]).when(thirds[2]).thenRecords(event('RefundIssued', usd('0.34')));
    givenWhole(...thirds).when(refundPurchase('r3', 'b')).thenRecords(event('RefundIssued', usd('0.33')));
  });

  it('is never more than was paid, and all of it at last, also below a cent', () => {
    for (const little of ['0.004', '0.008']) givenWhole(buy('b', '10', paid(little))).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', usd(little)));
    givenWhole(buy('b', '10', paid('0.008'))).when(refundPurchase('r', 'b', '9')).thenRecords(event('RefundIssued', usd('0.008')));
    givenWhole(buy('b', '10', paid('0.008')), refundPurchase('r', 'b', '9')).when(refundPurchase('r2', 'b')).thenRecords(event('RefundIssued', usd('0')));
    givenWhole(buy('b', '10', paid('0'))).when(refundPurchase('r', 'b')).thenRecords(event('RefundIssued', usd('0')));
  });

  it('follows decimal.js at every step, in whatever parts, and adds up', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 10_000 }), fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 8 }), (credits, cents, parts) => {
      const price = new Decimal(cents).div(100);
      const journal = new Journal(wholeCredits);
      journal.send(openAccount, START);
      journal.send(buy('b', String(credits), paid(price.toFixed())), START);
      let [back, money] = [0, new Decimal(0)];
      for (const [n, part] of [...parts, undefined].entries()) {
        const { facts: [fact] } = journal.send(refundPurchase(`r${n}`, 'b', part === undefined ? undefined : String(part)), START);
        if (fact?.type !== 'RefundIssued') continue;
        back += Number(fact.data.amount);
        money = money.plus(fact.data.money?.amount ?? 0);
        expect(money.toFixed()).toBe(price.times(back).div(credits).toDecimalPlaces(2, Decimal.ROUND_HALF_UP).toFixed());
      }
      expect([back, money.toFixed()]).toEqual([credits, price.toFixed()]);
    }));
  });
});
