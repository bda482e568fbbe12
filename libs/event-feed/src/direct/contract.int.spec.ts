import { jest } from '@jest/globals';
import { Client } from 'pg';
import { InMemoryEventLog, InMemoryStore } from '../../../event-log/src/testing/in-memory.js';
import { freshDatabase } from '../../../../test/support/postgres.js';
import { eventFeedContract } from '../testing/event-feed.contract.js';
import { publishTo } from '../testing/published.js';
import { FEED_TABLES } from '../testing/feed-tables.js';
import { TALLY_TABLE } from '../testing/tally.js';
import { DirectFeed } from './direct-feed.js';

jest.setTimeout(60_000);

eventFeedContract('DirectFeed', async () => {
  const database = await freshDatabase();
  const { url } = database;
  const client = new Client(url);
  await client.connect();
  await client.query(`${FEED_TABLES}; ${TALLY_TABLE}`);
  await client.end();
  return {
    url,
    source: async () => {
      const store = new InMemoryStore();
      const logs: InMemoryEventLog[] = [];
      return {
        feed: () => {
          const log = new InMemoryEventLog(store);
          logs.push(log);
          return new DirectFeed(log, url, { most: 50, gatherMs: 5 });
        },
        publish: async (events) => { publishTo(store, events); },
        close: async () => { await Promise.all(logs.map((log) => log.close())); },
      };
    },
    close: () => database.drop(),
  };
});
