import * as fc from 'fast-check';
import { cancel, incur, owedOf, paidParts, pay, payments, type DebtPayment } from './debt.js';
import { initialAccount, type DebtLine, type Grant, type Stretch } from './state.js';
import { dollars } from './testing/catalogs.js';
import { buy, capture, charge, grant, hold, increase, refundCharge, release, report, settle } from './testing/commands.js';
import { at, event, specFor } from './testing/given.js';

const given = specFor(dollars);
const empty = initialAccount.debt;

describe('debt', () => {
  const overdrawn = [buy('b', '4'), hold('h', '4'), report('u1', '2', at(0)), report('u2', '3', at(0))] as const;

  it('is what found no credit; available is free less debt, remaining is available and held', () => {
    given(buy('b', '4'), hold('h', '4')).when(report('u', '2', at(0))).thenRecords(event('UsageSettled', { owed: { from: '0', amount: '2' } })).thenBalance({ debt: '2', available: '-2', held: '4', remaining: '2' });
  });

  it('allows no new hold, no increase and no charge, but every settle', () => {
    given(...overdrawn).when(hold('i', '0')).thenRejects('overdrawn', { debt: '5' });
    given(...overdrawn).when(increase('h', '5')).thenRejects('overdrawn');
    given(...overdrawn).when(charge('c', '0')).thenRejects('overdrawn');
    given(...overdrawn).when(capture('h', '4')).thenRecords(event('UsageSettled'));
    given(...overdrawn).when(settle('h', '6')).thenRecords(event('UsageSettled', { owed: { from: '5', amount: '2' } })).thenBalance({ debt: '7', remaining: '-7' });
  });

  it('is paid at once by whatever becomes free: a grant, a release, the rest of a hold, a refund', () => {
    const paid = (grantKey: string, amount: string) => ({ debtPaid: [{ grant: grantKey, from: '0', amount }] });
    given(...overdrawn).when(grant('g', '9')).thenRecords(event('CreditsGranted', paid('grant/g', '5'))).thenBalance({ debt: '0', available: '4' });
    given(...overdrawn).when(release('h')).thenRecords(event('HoldReleased', paid('purchase/b', '4'))).thenBalance({ debt: '1', available: '-1' });
    given(...overdrawn).when(settle('h', '1')).thenRecords(event('UsageSettled', paid('purchase/b', '3'))).thenBalance({ debt: '2' });
    given(...overdrawn, capture('h', '3')).when(refundCharge('r', 'h', '2')).thenRecords(event('RefundIssued', paid('purchase/b', '2'))).thenBalance({ debt: '3' });
  });

  it('is paid oldest charge first', () => {
    given(...overdrawn, grant('g', '1')).when(refundCharge('r', 'u1', undefined, 'gateway')).thenRecords(event('RefundIssued', {
      debtCancelled: [{ from: '1', amount: '1' }], returned: [{ grant: 'grant/g', amount: '1' }], debtPaid: [{ grant: 'grant/g', from: '2', amount: '1' }],
    })).thenBalance({ debt: '2' });
  });

  it('above zero means that nothing is free', () => {
    given(...overdrawn, release('h')).when(buy('c', '0.5')).thenBalance({ debt: '0.5', available: '-0.5' }).thenGrants({ 'purchase/c': ['0', '0'], 'purchase/b': ['0', '0'] });
  });

  it('once paid lets holds be placed again', () => {
    given(...overdrawn, buy('c', '2')).when(hold('i', '1')).thenRejects('overdrawn', { debt: '3' });
    given(...overdrawn, buy('c', '6')).when(hold('i', '1')).thenRecords(event('HoldPlaced', { parts: [{ grant: 'purchase/c', amount: '1' }] }));
  });
});

const lot = (key: string, free: bigint): Grant => ({
  key, kind: 'purchase', amount: free, priority: 50, expiresAt: null, createdAt: '', paid: undefined, free, held: 0n, refunded: 0n,
});

/** Charges on the line, as a list: the obvious model. */
interface Owing { readonly stretch: Stretch; owed: bigint }

type Act = { readonly incur: bigint } | { readonly free: readonly bigint[] } | { readonly cancel: number; readonly amount: bigint };
const someAmount = fc.bigInt({ min: 1n, max: 9n });
const acts: fc.Arbitrary<Act[]> = fc.array(fc.oneof(
  fc.record({ incur: someAmount }), fc.record({ free: fc.array(someAmount, { maxLength: 3 }) }), fc.record({ cancel: fc.nat(9), amount: someAmount }),
), { maxLength: 40, size: 'max' });

describe('the debt line', () => {
  it('does what a list of unpaid charges does, whatever is incurred, paid and cancelled', () => {
    fc.assert(fc.property(acts, (todo) => {
      let line: DebtLine = empty;
      const list: Owing[] = [];
      const paidSoFar: DebtPayment[] = [];
      for (const act of todo) {
        if ('incur' in act) {
          list.push({ stretch: { from: line.end, amount: act.incur }, owed: act.incur });
          line = incur(line, act.incur);
        } else if ('free' in act) {
          const paid = payments(line, act.free.map((free, n) => lot(`purchase/${n}`, free)));
          let left = act.free.reduce((sum, free) => sum + free, 0n);
          for (const one of list) { const part = one.owed < left ? one.owed : left; one.owed -= part; left -= part; }
          paidSoFar.push(...paid);
          line = pay(line, paid);
        } else {
          const one = list[act.cancel % (list.length || 1)];
          if (!one) continue;
          const pieces = owedOf(line, one.stretch);
          const [last] = pieces.slice(-1);
          if (!last) continue;
          const amount = last.amount < act.amount ? last.amount : act.amount;
          line = cancel(line, [{ from: last.from + last.amount - amount, amount }]);
          one.owed -= amount;
        }
        expect(line.owed).toBe(list.reduce((sum, { owed }) => sum + owed, 0n));
        for (const { stretch, owed } of list) expect(owedOf(line, stretch).reduce((sum, { amount }) => sum + amount, 0n)).toBe(owed);
        // The line never remembers more than is open.
        if (line.owed === 0n) expect(line).toMatchObject({ cancelled: [], paidTo: line.end });
        expect(paidParts([{ from: 0n, amount: line.end }], paidSoFar).reduce((sum, { amount }) => sum + amount, 0n))
          .toBe(paidSoFar.reduce((sum, { amount }) => sum + amount, 0n));
      }
    }));
  });

  it('is paid from grants in their order, each payment one grant and one stretch', () => {
    const line = cancel(incur(incur(empty, 4n), 6n), [{ from: 3n, amount: 2n }]);
    expect(payments(line, [lot('a', 4n), lot('b', 9n)])).toEqual([
      { grant: 'a', from: 0n, amount: 3n }, { grant: 'a', from: 5n, amount: 1n }, { grant: 'b', from: 6n, amount: 4n },
    ]);
  });

  it('tells who paid a charge, however many charges one payment cleared', () => {
    const paid = [{ grant: 'a', from: 0n, amount: 5n }, { grant: 'b', from: 5n, amount: 5n }];
    expect(paidParts([{ from: 2n, amount: 4n }, { from: 8n, amount: 4n }], paid)).toEqual([
      { grant: 'a', amount: 3n }, { grant: 'b', amount: 1n }, { grant: 'b', amount: 2n },
    ]);
  });

  it('counts in amounts of any size', () => {
    const huge = 10n ** 30n;
    expect(pay(incur(empty, huge), [{ grant: 'a', from: 0n, amount: huge }])).toEqual({ end: huge, paidTo: huge, cancelled: [], owed: 0n });
  });
});
