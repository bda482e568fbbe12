import { jest } from '@jest/globals';
import * as fc from 'fast-check';
import { formatAmount, readAmount, sum } from '#libs/money';
import { accountStream, balanceOf, type Account } from '#libs/domain';
import type { RecordedEvent } from '#libs/event-log';
import type { DataSource } from 'typeorm';
import { Applier } from '../../event-feed/src/applier.js';
import { LogBookmark } from '../../event-feed/src/log-bookmark.js';
import { openSession, closeSession } from '#libs/event-feed';
import { InMemoryEventLog, InMemoryStore } from '../../event-log/src/testing/in-memory.js';
import { histories, type Step } from '../../domain/src/account/testing/histories.js';
import { dollars, wholeCredits } from '../../domain/src/account/testing/catalogs.js';
import type { TestDatabase } from '../../../test/support/postgres.js';
import { BalanceEntity } from './balance/entity.js';
import { storedGrant } from './balance/projection.js';
import { compareReadModels } from './compare/compare.js';
import { OpenHoldEntity } from './holds/entity.js';
import { LIVE, Projector } from './projector/projector.js';
import { eventsOf } from './testing/account-events.js';
import { readDatabase } from './testing/read-side.js';
import { TierEntity } from './tier/entity.js';
import { TransactionEntity } from './transactions/entity.js';
import { UsageEntity } from './usage-log/entity.js';

jest.setTimeout(120_000);

const TABLES = ['balance', 'empty_grant', 'open_hold', 'transactions', 'usage_log', 'tier', 'checkpoint'];

describe('read models', () => {
  let database: TestDatabase & { readonly dataSource: DataSource };
  beforeAll(async () => { database = await readDatabase(); });
  afterAll(() => database.drop());

  /** Random draws: where a batch begins, and how far back it begins again. */
  const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), again: fc.integer({ min: 0, max: 12 }), restart: fc.integer({ min: 0, max: 5 }) }), { minLength: 1, maxLength: 12 });

  /** Interleaves the accounts' events; each keeps its order. */
  const merge = (accounts: readonly (readonly RecordedEvent[])[], draws: readonly number[]): RecordedEvent[] => {
    const left = accounts.map((events) => [...events]);
    const merged: RecordedEvent[] = [];
    for (let n = 0; left.some((events) => events.length > 0); n += 1) {
      const waiting = left.filter((events) => events.length > 0);
      const from = waiting[(draws[n % draws.length] ?? 0) % waiting.length];
      merged.push(from?.shift() as RecordedEvent);
    }
    return merged;
  };

  const expectState = async (accountId: string, account: Account): Promise<void> => {
    const { manager } = database.dataSource;
    const { remaining, held, debt } = balanceOf(account);
    const row = await manager.findOneByOrFail(BalanceEntity, { accountId });
    expect(row).toMatchObject({ revision: account.revision, remaining: formatAmount(remaining), held: formatAmount(held), debt: formatAmount(debt) });
    expect(row.grants).toEqual(account.grants.map((grant) => storedGrant(grant)));
    const holds = await manager.findBy(OpenHoldEntity, { accountId });
    expect(new Map(holds.map((hold) => [hold.holdId, [hold.held, hold.amount, hold.charged, hold.expiresAt]])))
      .toEqual(new Map([...account.holds.entries()].map(([id, hold]) => [id, [formatAmount(hold.held), formatAmount(hold.amount), formatAmount(hold.charged), hold.expiresAt]])));
    const moved = sum((await manager.findBy(TransactionEntity, { accountId })).map(({ amount }) => readAmount(amount)));
    const charged = sum((await manager.findBy(UsageEntity, { accountId })).map(({ cost }) => readAmount(cost)));
    expect(formatAmount(moved - charged)).toBe(formatAmount(remaining));
    const tier = await manager.findOneBy(TierEntity, { accountId });
    expect(tier?.purchased ?? '0').toBe(formatAmount(account.totals.purchased));
  };

  const project = async (events: readonly RecordedEvent[], log: InMemoryEventLog, batches: readonly { size: number; again: number; restart: number }[]): Promise<void> => {
    const session = await openSession(database.url, 'laws');
    const open = async (consumer: Projector) => new Applier(session, consumer, await LogBookmark.open(session, consumer.name, log));
    const engine = (): Projector => new Projector({ onApplied: () => undefined, onState: () => undefined });
    let projector = engine();
    let applier = await open(projector);
    for (let at = 0, n = 0; at < events.length; n += 1) {
      const { size, again, restart } = batches[n % batches.length] ?? { size: 1, again: 0, restart: 0 };
      // Delivered again with what is new: the feed promises at least once.
      const delivered = events.slice(Math.max(0, at - again), at + size);
      at += size;
      await applier.apply(delivered);
      if (restart > 0) continue;
      projector = engine();
      applier = await open(projector);
    }
    await closeSession(session);
  };

  it.each([['dollars', dollars, false], ['whole credits', wholeCredits, true]] as const)(
    'equal the fold of the log, however its events are batched, repeated and cut off (%s)', async (_, catalog, whole) => {
      const traffic = fc.record({
        accounts: fc.array(histories({ maxLength: 60, whole }), { minLength: 1, maxLength: 3 }), draws: fc.array(fc.nat(7), { minLength: 1 }), batches: cuts,
      });
      await fc.assert(fc.asyncProperty(traffic, async ({ accounts, draws, batches }) => {
        await database.dataSource.query(`TRUNCATE ${TABLES.map((table) => `read.${table}`).join(', ')}`);
        const store = new InMemoryStore();
        const log = new InMemoryEventLog(store);
        const made = accounts.map((steps: readonly Step[], at) => ({ accountId: `a-${at}`, ...eventsOf(steps, catalog) }));
        const recorded = made.map(({ accountId, events }) => events.map((event, revision): RecordedEvent => ({ ...event, stream: accountStream(accountId), revision, position: '' })));
        const merged = merge(recorded, draws).map((event, at) => ({ ...event, position: String(at + 1).padStart(16, '0') }));
        store.all.push(...merged);
        for (const event of merged) store.streams.set(event.stream, [...store.streams.get(event.stream) ?? [], event]);
        await project(merged, log, batches);
        for (const { accountId, account } of made) await expectState(accountId, account);
        const { difference, ...compared } = await compareReadModels({ url: database.url, log });
        expect(difference).toBeUndefined();
        expect(compared).toMatchObject({ accounts: accounts.length, events: merged.length });
        const [checkpoint] = await database.dataSource.query<{ events: string }[]>('SELECT events FROM read.checkpoint WHERE consumer = $1', [LIVE]);
        expect(Number(checkpoint?.events)).toBeGreaterThanOrEqual(merged.length);
      }), { numRuns: 25 });
    });
});
