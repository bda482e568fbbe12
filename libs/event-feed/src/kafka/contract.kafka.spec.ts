import { jest } from '@jest/globals';
import { Client } from 'pg';
import { InMemoryEventLog, InMemoryStore } from '../../../event-log/src/testing/in-memory.js';
import { startKafka } from '../../../../test/support/kafka.js';
import { freshDatabase } from '../../../../test/support/postgres.js';
import { eventFeedContract } from '../testing/event-feed.contract.js';
import { FEED_TABLES } from '../testing/feed-tables.js';
import { TALLY_TABLE } from '../testing/tally.js';
import { publishTo } from '../testing/published.js';
import { KafkaFeed } from './kafka-feed.js';
import { freshTopic, TopicWriter } from './testing/topics.js';

jest.setTimeout(120_000);

eventFeedContract('KafkaFeed', async () => {
  const [broker, database] = await Promise.all([startKafka(), freshDatabase()]);
  const { url } = database;
  const client = new Client(url);
  await client.connect();
  await client.query(`${FEED_TABLES}; ${TALLY_TABLE}`);
  await client.end();
  return {
    url,
    source: async () => {
      const settings = await freshTopic(broker.brokers);
      const writer = await TopicWriter.open(settings);
      const store = new InMemoryStore();
      const logs: InMemoryEventLog[] = [];
      return {
        feed: () => {
          const log = new InMemoryEventLog(store);
          logs.push(log);
          return new KafkaFeed(settings, log, url, { most: 50, gatherMs: 5 });
        },
        publish: async (events) => writer.send(publishTo(store, events), store.id),
        close: async () => {
          await writer.close();
          await Promise.all(logs.map((log) => log.close()));
        },
      };
    },
    close: async () => {
      await broker.stop();
      await database.drop();
    },
  };
});
