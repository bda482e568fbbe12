import { accountStream } from '#libs/domain';
import { readRecord } from '../folding/account-record.js';
import * as send from '../../../domain/src/account/testing/commands.js';
import { eventsOf, START, type Step } from '../testing/account-events.js';
import { applyToBalance, balanceChangeOf, grantsDueAt, storedGrant, type BalanceRow, type GrantRow } from './projection.js';

const SOON = '2026-11-21T11:00:00.000Z';
const LATER = '2026-11-22T10:00:00.000Z';

/** Folds what a history of commands leaves in the log. */
const fold = (...commands: Step['command'][]): { readonly row: BalanceRow; readonly empty: ReadonlyMap<string, GrantRow> } => {
  const empty = new Map<string, GrantRow>();
  const grants = {
    get: (_: string, key: string) => empty.get(key),
    set: (_: string, key: string, grant: GrantRow | undefined) => { if (grant) empty.set(key, grant); else empty.delete(key); },
  };
  const { events } = eventsOf([send.openAccount, ...commands].map((command) => ({ command, now: START })));
  let row: BalanceRow | undefined;
  for (const [revision, event] of events.entries()) row = applyToBalance(row, balanceChangeOf(readRecord({ ...event, stream: accountStream('acme'), revision })), grants);
  return { row: row as BalanceRow, empty };
};

const inGrants = ({ grants }: BalanceRow) => grants.map(storedGrant).map(({ key, free, held }) => [key, free, held]);

describe('the balance', () => {
  it('begins with the terms of the account and nothing in it', () => {
    expect(fold().row).toEqual({
      accountId: 'acme', catalog: 'dollars', unit: 'USD', scale: 12, mode: 'prepaid', timeZone: 'UTC', openedAt: START, revision: 0,
      remaining: '0', held: '0', debt: '0', grants: [],
    });
  });

  it('lists grants in the order in which they burn', () => {
    const { row } = fold(send.buy('b', '1'), send.buy('a', '1'), send.grant('late', '1', { expiresAt: LATER }), send.grant('soon', '1', { expiresAt: SOON }), send.grant('first', '1', { priority: 0 }));
    expect(row.grants.map(({ key }) => key)).toEqual(['grant/first', 'grant/soon', 'grant/late', 'purchase/a', 'purchase/b']);
  });

  it('moves a hold\'s amount within its grants, and takes the cost out of them', () => {
    expect(inGrants(fold(send.grant('g', '1', { priority: 0 }), send.buy('p', '5'), send.hold('h', '3')).row)).toEqual([['grant/g', '0', '1'], ['purchase/p', '3', '2']]);
    expect(inGrants(fold(send.grant('g', '1', { priority: 0 }), send.buy('p', '5'), send.hold('h', '3'), send.settle('h', '1.5')).row)).toEqual([['purchase/p', '4.5', '0']]);
  });

  it('puts an emptied grant aside, and takes it back when a refund fills it', () => {
    const emptied = fold(send.grant('g', '1'), send.charge('c', '1'));
    expect([emptied.row.grants, [...emptied.empty.keys()]]).toEqual([[], ['grant/g']]);
    const refilled = fold(send.grant('g', '1'), send.charge('c', '1'), send.refundCharge('r', 'c', '0.4'));
    expect([inGrants(refilled.row), refilled.empty.size]).toEqual([[['grant/g', '0.4', '0']], 0]);
  });

  it('pays debt from credit that comes', () => {
    const { row } = fold(send.report('u', '3', START), send.buy('p', '5'));
    expect(row).toMatchObject({ remaining: '2', debt: '0' });
    expect(inGrants(row)).toEqual([['purchase/p', '2', '0']]);
  });

  it('is due when the first grant with anything free ends', () => {
    const grants = [send.grant('soon', '1', { expiresAt: SOON }), send.grant('late', '1', { expiresAt: LATER }), send.buy('p', '1')];
    expect(grantsDueAt(fold(...grants).row)).toBe(SOON);
    expect(grantsDueAt(fold(...grants, send.hold('h', '1')).row)).toBe(LATER);
    expect(grantsDueAt(fold(send.buy('p', '1')).row)).toBeNull();
  });

  it('refuses an event whose predecessor it lacks', () => {
    const { events: [, second] } = eventsOf([send.openAccount, send.buy('p', '1')].map((command) => ({ command, now: START })));
    const change = balanceChangeOf(readRecord({ type: second?.type ?? '', body: second?.body ?? '', stream: 'account-acme', revision: 1 }));
    expect(() => applyToBalance(undefined, change, { get: () => undefined, set: () => undefined })).toThrow('stands at revision -1, and 1 came next');
  });
});
