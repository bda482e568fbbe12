import { jest } from '@jest/globals';
import { Client } from 'pg';
import { BillingError } from '#libs/kernel';
import { InMemoryEventLog, InMemoryStore } from '../../../event-log/src/testing/in-memory.js';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { LostEvents } from '../event-feed.js';
import { publishTo } from '../testing/published.js';
import { FEED_TABLES } from '../testing/feed-tables.js';
import { Tally, TALLY_TABLE } from '../testing/tally.js';
import { DirectFeed } from './direct-feed.js';

jest.setTimeout(60_000);

const CONSUMER = 'tally';

describe('DirectFeed on a log that was restored to an earlier time', () => {
  let database: TestDatabase;
  let client: Client;
  let store: InMemoryStore;

  beforeEach(async () => {
    database = await freshDatabase();
    client = new Client(database.url);
    await client.connect();
    await client.query(`${FEED_TABLES}; ${TALLY_TABLE}`);
    store = new InMemoryStore();
    publishTo(store, [0, 1, 2, 3, 4].map((revision) => ({ stream: 'account-a', revision, body: '{}' })));
  });

  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  const engine = (log = new InMemoryEventLog(store)) => {
    const [tally, stopping] = [new Tally(CONSUMER), new AbortController()];
    const ended = new DirectFeed(log, database.url, { most: 50, gatherMs: 5 }).consume(tally, stopping.signal).then(() => undefined, (error: unknown) => error);
    return { tally, ended, stop: () => { stopping.abort(); return ended; } };
  };
  const applied = async (): Promise<number> => (await client.query('SELECT FROM tally')).rows.length;
  /** An engine applies all there is, and ends. */
  const apply = async (events: number): Promise<void> => {
    const { tally, stop } = engine();
    await tally.until(async () => (await applied()) >= events);
    await stop();
  };

  const restoreTo = (events: number): void => {
    store.all.splice(events);
    store.streams.get('account-a')?.splice(events);
  };

  it('refuses to go on, and says from where on the log has lost what it applied', async () => {
    await apply(5);
    restoreTo(3);
    const error = await engine().ended;
    expect(error).toBeInstanceOf(LostEvents);
    expect(String(error)).toContain('up to position 0000000000000005 were applied, and the log ends at 0000000000000003');
    restoreTo(0);
    expect(String(await engine().ended)).toContain('the log ends at none');
    expect(await applied()).toBe(5);
  });

  it('refuses it just so when the log has grown beyond that place since, with other events', async () => {
    await apply(5);
    restoreTo(3);
    publishTo(store, [3, 4, 5].map((revision) => ({ stream: 'account-a', revision, body: '{"new":true}' })));
    const error = await engine().ended;
    expect(error).toBeInstanceOf(LostEvents);
    expect(String(error)).toMatch(/up to position 0000000000000005 were applied, and the log has event \S+ and not \S+ at revision 4 of account-a/);
    expect(await applied()).toBe(5);
  });

  it('goes on where the log has grown and lost nothing', async () => {
    await apply(5);
    publishTo(store, [5].map((revision) => ({ stream: 'account-a', revision, body: '{}' })));
    await apply(6);
  });

  it('refuses also what a topic had brought ahead of its place', async () => {
    await apply(5);
    await client.query("UPDATE read.checkpoint SET ahead = '0000000000000006'");
    expect(await engine().ended).toBeInstanceOf(LostEvents);
  });

  it('refuses nothing while the log cannot tell where it ends', async () => {
    await apply(5);
    const log = new InMemoryEventLog(store);
    jest.spyOn(log, 'end').mockRejectedValueOnce(new BillingError('unavailable', 'log_unavailable'));
    const { tally, stop } = engine(log);
    await tally.untilStatus('live');
    expect(tally.states.map(({ status }) => status)).toEqual(['retrying', 'live']);
    expect(await stop()).toBeUndefined();
  });
});
