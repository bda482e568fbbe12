import * as fc from 'fast-check';
import { burnsBefore } from './grants.js';
import type { Grant } from './state.js';
import { dollars } from './testing/catalogs.js';
import { buy, charge, grant, hold, refundCharge } from './testing/commands.js';
import { at, DAY, event, HOUR, specFor, wait } from './testing/given.js';

const given = specFor(dollars);
const one = [{ grant: 'grant/first', amount: '1' }];

describe('burn order', () => {
  it('is priority first, low before high', () => {
    given(grant('last', '1', { priority: 100 }), grant('first', '1', { priority: 0 }), grant('b', '1', { priority: 49 }))
      .when(charge('c', '1')).thenRecords(event('UsageSettled', { fromFree: one }));
  });

  it('takes 50 for a priority unless said', () => {
    given(grant('last', '1', { priority: 51 }), grant('middle', '1'), grant('first', '1', { priority: 49 }))
      .when(charge('c', '2')).thenRecords(event('UsageSettled', { fromFree: [...one, { grant: 'grant/middle', amount: '1' }] }));
  });

  it('then expiry: soonest first, none last', () => {
    given(grant('never', '1'), grant('later', '1', { expiresAt: at(2 * DAY) }), grant('first', '1', { expiresAt: at(DAY) }))
      .when(charge('c', '3')).thenRecords(event('UsageSettled', { fromFree: [...one, { grant: 'grant/later', amount: '1' }, { grant: 'grant/never', amount: '1' }] }));
  });

  it('then creation: oldest first', () => {
    given(grant('first', '1'), wait(1), grant('a', '1')).when(charge('c', '1')).thenRecords(event('UsageSettled', { fromFree: one }));
  });

  it('then id, whatever kind of grant has it', () => {
    given(grant('z', '1'), buy('a', '1')).when(charge('c', '1')).thenRecords(event('UsageSettled', { fromFree: [{ grant: 'purchase/a', amount: '1' }] }));
    given(buy('z', '1'), grant('a', '1')).when(charge('c', '1')).thenRecords(event('UsageSettled', { fromFree: [{ grant: 'grant/a', amount: '1' }] }));
    given(buy('a', '1'), grant('a', '1')).when(charge('c', '1')).thenRecords(event('UsageSettled', { fromFree: [{ grant: 'grant/a', amount: '1' }] }));
  });

  it('is the place of a grant for good, also after it was empty', () => {
    given(grant('first', '1', { priority: 1 }), charge('x', '1'), grant('later', '1', { priority: 2 }), refundCharge('r', 'x'))
      .when(charge('c', '1')).thenRecords(event('UsageSettled', { fromFree: one }));
  });

  it('is total: of two grants, one is first', () => {
    const grants: fc.Arbitrary<Grant> = fc.record({
      key: fc.constantFrom('purchase/a', 'purchase/b', 'grant/a', 'grant/b', 'refund/a'), kind: fc.constant('purchase' as const),
      amount: fc.constant(1n), priority: fc.constantFrom(0, 50), expiresAt: fc.constantFrom(null, at(HOUR), at(DAY)),
      createdAt: fc.constantFrom(at(0), at(1)), paid: fc.constant(undefined), free: fc.constant(1n), held: fc.constant(0n), refunded: fc.constant(0n),
    });
    fc.assert(fc.property(grants, grants, grants, (a, b, c) => {
      if (a.key !== b.key) expect(burnsBefore(a, b)).toBe(!burnsBefore(b, a));
      if (burnsBefore(a, b) && burnsBefore(b, c)) expect(burnsBefore(a, c)).toBe(true);
    }));
  });

  it('spans grants where one is not enough', () => {
    given(grant('first', '1'), wait(1), buy('b', '5')).when(hold('h', '4')).thenRecords(event('HoldPlaced', { parts: [...one, { grant: 'purchase/b', amount: '3' }] }));
  });
});
