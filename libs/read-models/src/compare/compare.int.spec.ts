import { jest } from '@jest/globals';
import { PostgresEventLog } from '#libs/event-log';
import type { TestDatabase } from '../../../../test/support/postgres.js';
import * as send from '../../../domain/src/account/testing/commands.js';
import { appendAll, eventsOf, START } from '../testing/account-events.js';
import { readDatabase, ReadSide, withClient } from '../testing/read-side.js';
import { compareReadModels } from './compare.js';

jest.setTimeout(60_000);

/** An account with a row in every table: an emptied grant, an open hold, charges, failed work. */
const { events } = eventsOf([
  send.openAccount, send.grant('bonus', '1'), send.charge('c-1', '1'), send.buy('p', '20'), send.holdFor('h-1', { model: 'chat', usage: { output_tokens: '500' } }),
  send.settleUsage('h-1', { output_tokens: '100' }), send.hold('h-2', '3'), send.release('h-2', { facts: { statusCode: 502 } }), send.hold('h-3', '2'),
].map((command) => ({ command, now: START })));

const PATIENCE_MS = 30_000;
const TABLES = ['balance', 'empty_grant', 'open_hold', 'transactions', 'usage_log', 'tier'];

describe('compareReadModels', () => {
  let database: TestDatabase;
  let log: PostgresEventLog;
  let engine: ReadSide;

  beforeAll(async () => {
    database = await readDatabase();
    log = await PostgresEventLog.open(database.url);
    engine = new ReadSide(database.url, log);
    engine.projections.start();
    for (const accountId of ['a', 'b', 'c']) {
      await appendAll(log, accountId, events);
      await engine.projections.waitFor(accountId, events.length - 1, PATIENCE_MS);
    }
    await sql(TABLES.map((table) => `CREATE TABLE public.${table} AS TABLE read.${table}`).join(';'));
  });

  afterAll(async () => {
    await engine.close();
    await log.close();
    await database.drop();
  });

  const sql = (text: string) => withClient(database.url, (client) => client.query(text));
  const restore = () => sql(TABLES.map((table) => `TRUNCATE read.${table}; INSERT INTO read.${table} SELECT * FROM public.${table}`).join(';'));
  const compare = () => compareReadModels({ url: database.url, log });

  it('finds none in rows that are what the log says', async () => {
    expect(await compare()).toEqual({ accounts: 3, events: 3 * events.length, position: await log.end(), difference: undefined });
  });

  it.each([
    ['a wrong amount', "UPDATE read.balance SET remaining = remaining + 1 WHERE account_id = 'b'", { table: 'balance', accountId: 'b', field: 'remaining', expected: '19.4', found: '20.4' }],
    ['a wrong revision', "UPDATE read.balance SET revision = revision + 1 WHERE account_id = 'b'", { table: 'balance', accountId: 'b', field: 'revision' }],
    ['a wrong due date', "UPDATE read.balance SET grant_due_at = now() WHERE account_id = 'c'", { table: 'balance', accountId: 'c', field: 'grant_due_at', expected: 'null' }],
    ['a missing balance', "DELETE FROM read.balance WHERE account_id = 'b'", { accountId: 'b', expected: 'no row' }],
    ['a missing charge', "DELETE FROM read.usage_log WHERE account_id = 'b' AND id = 'h-1'", { table: 'usage_log', accountId: 'b' }],
    ['a wrong cost', "UPDATE read.usage_log SET cost = 0.61 WHERE account_id = 'c' AND id = 'h-1'", { table: 'usage_log', accountId: 'c', field: 'cost', expected: '0.6', found: '0.61' }],
    ['a wrong model', "UPDATE read.usage_log SET model = 'other' WHERE account_id = 'a' AND id = 'h-1'", { table: 'usage_log', accountId: 'a', field: 'model', expected: 'chat' }],
    ['an instant off by a millisecond', "UPDATE read.usage_log SET at = at - interval '1 ms' WHERE account_id = 'a' AND id = 'h-1'", { table: 'usage_log', field: 'at' }],
    ['a row too much', "INSERT INTO read.transactions SELECT 'c', 99, at, type, 'twice', amount, remaining, held, debt, paid_amount, paid_currency, pack, details FROM read.transactions WHERE account_id = 'c' AND type = 'purchase'",
      { table: 'transactions', accountId: 'c', expected: 'no row' }],
    ['a missing hold', "DELETE FROM read.open_hold WHERE account_id = 'a'", { table: 'open_hold', accountId: 'a', expected: 'a row' }],
    ['a missing empty grant', "DELETE FROM read.empty_grant WHERE account_id = 'a'", { table: 'empty_grant', accountId: 'a' }],
    ['a wrong tier', "UPDATE read.tier SET purchased = 21 WHERE account_id = 'b'", { table: 'tier', accountId: 'b', field: 'purchased', expected: '20', found: '21' }],
    ['a row of nobody', "INSERT INTO read.tier VALUES ('nobody', 1, 'USD')", { table: 'tier', accountId: 'nobody' }],
    ['a missing account', "DELETE FROM read.balance WHERE account_id = 'b'; DELETE FROM read.usage_log WHERE account_id = 'b'; DELETE FROM read.transactions WHERE account_id = 'b'; DELETE FROM read.tier WHERE account_id = 'b'; DELETE FROM read.open_hold WHERE account_id = 'b'; DELETE FROM read.empty_grant WHERE account_id = 'b'",
      { table: 'balance', accountId: 'b', expected: 'a row', found: 'none' }],
  ])('names %s', async (_, text, difference) => {
    await sql(text);
    expect((await compare()).difference).toMatchObject(difference);
    await restore();
  });

  it('is not misled by traffic', async () => {
    const stopping = new AbortController();
    const writing = (async () => {
      for (let account = 0; !stopping.signal.aborted; account += 1) await appendAll(log, `w-${account}`, events, 2);
    })();
    for (let round = 0; round < 3; round += 1) expect((await compare()).difference).toBeUndefined();
    stopping.abort();
    await writing;
  });
});
