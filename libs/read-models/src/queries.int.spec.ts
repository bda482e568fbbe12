import { jest } from '@jest/globals';
import { addMs } from '#libs/kernel';
import { PostgresEventLog } from '#libs/event-log';
import type { DataSource } from 'typeorm';
import type { TestDatabase } from '../../../test/support/postgres.js';
import * as send from '../../domain/src/account/testing/commands.js';
import { AccountsQuery } from './balance/accounts-query.js';
import { BalanceQuery } from './balance/query.js';
import { DueQuery } from './holds/due-query.js';
import { appendAll, eventsOf, START, type Step } from './testing/account-events.js';
import { readDatabase, ReadSide } from './testing/read-side.js';
import { TierQuery } from './tier/query.js';
import { TransactionsQuery } from './transactions/query.js';
import { UsageQuery } from './usage-log/query.js';

jest.setTimeout(60_000);

const at = (seconds: number): string => addMs(START, seconds * 1000);
const step = (seconds: number, command: Step['command']): Step => ({ now: at(seconds), command });
const facts = (statusCode: number, group: string, keyId?: string) => ({ statusCode, group, latencyMs: 12.5, ...(keyId === undefined ? {} : { keyId }) });

/** One of everything, a second apart. */
const history: Step[] = [
  step(0, send.openAccount),
  step(1, send.grant('bonus', '5', { expiresAt: at(4_000), priority: 10 })),
  step(2, send.buy('buy-1', '20')),
  step(3, send.holdFor('h-1', { model: 'chat', usage: { output_tokens: '500' } })),
  step(4, send.settleUsage('h-1', { output_tokens: '100' }, { facts: facts(200, 'chat', 'k1') })),
  step(5, send.holdFor('h-2', { model: 'chat', usage: { output_tokens: '500' } })),
  step(6, send.release('h-2', { facts: facts(502, 'chat') })),
  step(7, send.hold('h-3', '2', { ttlSeconds: 600 })),
  step(8, send.hold('h-4', '1', { ttlSeconds: 60 })),
  step(9, send.charge('c-1', '0.25')),
  step(10, send.report('u-1', '0.75', at(-86_400))),
  step(11, send.refundCharge('rf-1', 'c-1', '0.1')),
];

describe('queries', () => {
  let database: TestDatabase & { readonly dataSource: DataSource };
  let log: PostgresEventLog;
  let side: ReadSide;

  beforeAll(async () => {
    database = await readDatabase();
    log = await PostgresEventLog.open(database.url);
    side = new ReadSide(database.url, log);
    side.projections.start();
    // Another projector batch for every event: the model of failed work comes from a hold that is in the table by then.
    const { events } = eventsOf(history);
    for (const [revision, event] of events.entries()) {
      await log.append('account-acme', [event], revision - 1);
      await side.projections.waitFor('acme', revision, 10_000);
    }
    await appendAll(log, 'b', eventsOf(history.slice(0, 1)).events);
    await appendAll(log, 'all-at-once', events);
    await side.projections.waitFor('b', 0, 10_000);
    await side.projections.waitFor('all-at-once', events.length - 1, 10_000);
  });

  afterAll(async () => {
    await side.close();
    await log.close();
    await database.drop();
  });

  describe('a balance', () => {
    it('is what the account stands at, with its grants in burn order', async () => {
      expect(await new BalanceQuery(side.pool).find('acme')).toEqual({
        accountId: 'acme', catalog: 'dollars', unit: 'USD', scale: 12, mode: 'prepaid', timeZone: 'UTC', openedAt: at(0), revision: 11,
        remaining: '23.5', held: '3', debt: '0', nextDueAt: at(68),
        grants: [
          { id: 'bonus', key: 'grant/bonus', kind: 'promotion', amount: '5', free: '0.5', held: '3', priority: 10, expiresAt: at(4_000), createdAt: at(1) },
          { id: 'buy-1', key: 'purchase/buy-1', kind: 'purchase', amount: '20', free: '20', held: '0', priority: 50, expiresAt: null, createdAt: at(2) },
        ],
      });
    });

    it('is undefined for an account that is not there', async () => expect(await new BalanceQuery(side.pool).find('nobody')).toBeUndefined());
    it('has nothing due where nothing ends', async () => expect((await new BalanceQuery(side.pool).find('b'))?.nextDueAt).toBeNull());
  });

  describe('what is due', () => {
    it.each([[at(67), []], [at(68), ['acme', 'all-at-once']], [at(4_000), ['acme', 'all-at-once']]])('by %s are the accounts %j', async (now, accounts) => {
      expect((await new DueQuery(side.pool).accountsDue(now, 10)).sort()).toEqual(accounts);
    });

    it('is told up to a limit', async () => expect(await new DueQuery(side.pool).accountsDue(at(4_000), 1)).toHaveLength(1));
    it('is told but for some accounts', async () => expect(await new DueQuery(side.pool).accountsDue(at(4_000), 10, ['acme'])).toEqual(['all-at-once']));

    describe('beside an account with more holds that are over than anyone reads at once', () => {
      beforeAll(() => side.pool.query("INSERT INTO read.open_hold SELECT 'many', 'h-' || n, $1, $1::timestamptz + interval '1 second' * (n / 600), 1, 1, 0, NULL FROM generate_series(1, 12000) AS n", [at(1)]));
      afterAll(() => side.pool.query("DELETE FROM read.open_hold WHERE account_id = 'many'"));

      it('is told at last by leaving that one out', async () => expect((await new DueQuery(side.pool).accountsDue(at(4_000), 500, ['many'])).sort()).toEqual(['acme', 'all-at-once']));
      it('is told of all where its holds are fewer', async () => {
        await side.pool.query("DELETE FROM read.open_hold WHERE account_id = 'many' AND expires_at >= $1", [at(8)]);
        expect((await new DueQuery(side.pool).accountsDue(at(100), 500)).sort()).toEqual(['acme', 'all-at-once', 'many']);
      });
    });
  });

  it('accounts are listed by id, of one catalog or all', async () => {
    const query = new AccountsQuery(database.dataSource);
    expect((await query.list({ limit: 10 })).items.map(({ accountId }) => accountId)).toEqual(['acme', 'all-at-once', 'b']);
    const { items: [item], nextCursor } = await query.list({ limit: 1, catalog: 'dollars' });
    expect(item).toEqual({ accountId: 'acme', catalog: 'dollars', unit: 'USD', scale: 12, mode: 'prepaid', timeZone: 'UTC', openedAt: at(0), revision: 11, remaining: '23.5', held: '3', debt: '0' });
    expect((await query.list({ limit: 10, cursor: nextCursor ?? '' })).items).toHaveLength(2);
    expect((await query.list({ limit: 10, catalog: 'none' })).items).toEqual([]);
  });

  describe('transactions', () => {
    const list = (...args: [Parameters<TransactionsQuery['list']>[1], Parameters<TransactionsQuery['list']>[2]]) => new TransactionsQuery(database.dataSource).list('acme', ...args);

    it('are listed newest first', async () => {
      const { items, nextCursor } = await list({}, { limit: 10 });
      expect(items.map(({ type, id, amount }) => [type, id, amount])).toEqual([['refund', 'rf-1', '0.1'], ['purchase', 'buy-1', '20'], ['grant', 'bonus', '5']]);
      expect(nextCursor).toBeNull();
      expect(items[1]).toMatchObject({ accountId: 'acme', revision: 2, at: at(2), remaining: '25', held: '0', debt: '0', paidAmount: '20', paidCurrency: 'USD', pack: null });
    });

    it('are filtered and paged', async () => {
      expect((await list({ type: 'grant' }, { limit: 10 })).items).toHaveLength(1);
      expect((await list({ from: at(2) }, { limit: 10 })).items).toHaveLength(2);
      expect((await list({ to: at(2) }, { limit: 10 })).items).toHaveLength(1);
      const { nextCursor } = await list({}, { limit: 2 });
      expect((await list({}, { limit: 2, cursor: nextCursor ?? '' })).items.map(({ id }) => id)).toEqual(['bonus']);
      expect((await list({}, { limit: 2, offset: 1 })).items.map(({ id }) => id)).toEqual(['buy-1', 'bonus']);
    });
  });

  describe('the usage log', () => {
    const query = () => new UsageQuery(database.dataSource);
    const ids = async (filters: Parameters<UsageQuery['list']>[1], accountId = 'acme') => (await query().list(accountId, filters, { limit: 100 })).items.map(({ id }) => id);

    it('is listed by when the work was done, newest first', async () => expect(await ids({})).toEqual(['c-1', 'h-2', 'h-1', 'u-1']));

    it('tells all about a charge', async () => {
      const { items: [row] } = await query().list('acme', { keyId: 'k1' }, { limit: 1 });
      expect(row).toEqual({
        accountId: 'acme', revision: 4, at: at(4), recordedAt: at(4), id: 'h-1', via: 'hold', source: null, outcome: 'settled', late: false, model: 'chat',
        group: 'chat', status: 200, latencyMs: 12.5, keyId: 'k1', usage: { output_tokens: '100' }, parameters: null, cost: '0.6', uncharged: null,
        catalog: 'dollars', rateCard: 1, exact: '0.6', facts: facts(200, 'chat', 'k1'),
        breakdown: [{ component: 'fee', quantity: '1', unitPrice: '0.5', amount: '0.5' }, { component: 'output_tokens', quantity: '100', unitPrice: '0.001', amount: '0.1' }],
      });
    });

    it.each(['acme', 'all-at-once'])('tells which model failed work was for (%s)', async (accountId) => {
      expect((await query().list(accountId, { status: 502 }, { limit: 10 })).items).toMatchObject([{ id: 'h-2', outcome: 'released', model: 'chat', cost: '0', status: 502 }]);
    });

    it.each([
      [{ group: 'chat' }, ['h-2', 'h-1']], [{ model: 'chat' }, ['h-2', 'h-1']], [{ status: 200 }, ['h-1']], [{ keyId: 'k1' }, ['h-1']], [{ group: 'none' }, []],
      [{ from: at(4) }, ['c-1', 'h-2', 'h-1']], [{ to: at(4) }, ['u-1']], [{ from: at(-90_000), to: at(6) }, ['h-1', 'u-1']], [{ group: 'chat', status: 502 }, ['h-2']],
    ])('is filtered by %j', async (filters, expected) => expect(await ids(filters)).toEqual(expected));

    it('is paged by cursor and by offset', async () => {
      const { items, nextCursor } = await query().list('acme', {}, { limit: 3 });
      expect(items).toHaveLength(3);
      expect((await query().list('acme', {}, { limit: 3, cursor: nextCursor ?? '' }))).toMatchObject({ items: [{ id: 'u-1' }], nextCursor: null });
      expect((await query().list('acme', {}, { limit: 2, offset: 2 })).items.map(({ id }) => id)).toEqual(['h-1', 'u-1']);
    });

    it.each(['', '!', 'AAAA', Buffer.from('[1,2]').toString('base64url'), Buffer.from('["2026-99-21T10:00:00.000Z",2]').toString('base64url'), Buffer.from('[').toString('base64url')])(
      'refuses the cursor %j', async (cursor) => {
        await expect(query().list('acme', {}, { limit: 3, cursor })).rejects.toMatchObject({ kind: 'invalid', code: 'invalid_request' });
      });

    it('streams any length, a little at a time', async () => {
      const { events } = eventsOf([step(0, send.openAccount), step(0, send.buy('p', '5000')), ...Array.from({ length: 2_345 }, (_, n) => step(n % 7, send.charge(`c-${n}`, '1')))]);
      await appendAll(log, 'long', events, 500);
      await side.projections.waitFor('long', events.length - 1, 20_000);
      const batches: number[] = [];
      const seen = new Set<string>();
      for await (const rows of query().stream('long', {})) {
        batches.push(rows.length);
        for (const { id } of rows) seen.add(id);
      }
      expect(batches).toEqual([...Array.from({ length: 23 }, () => 100), 45]);
      expect(seen.size).toBe(2_345);
    });
  });

  it('the tier follows from what was paid', async () => {
    const query = new TierQuery(database.dataSource);
    expect(await query.find('acme')).toMatchObject({ purchased: '20', currency: 'USD' });
    expect(await query.find('b')).toBeUndefined();
  });
});
