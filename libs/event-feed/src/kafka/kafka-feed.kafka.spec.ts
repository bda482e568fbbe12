import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { InMemoryEventLog, InMemoryStore } from '../../../event-log/src/testing/in-memory.js';
import { startKafka, type KafkaBroker } from '../../../../test/support/kafka.js';
import { startServer, freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { DirectFeed } from '../direct/direct-feed.js';
import { StreamGap, type EventFeed } from '../event-feed.js';
import type { Published } from '../testing/event-feed.contract.js';
import { publishTo } from '../testing/published.js';
import { FEED_TABLES } from '../testing/feed-tables.js';
import { TALLY_TABLE, Tally } from '../testing/tally.js';
import { ForeignEvent } from './delivery.js';
import { UnreadableMessage } from './event-message.js';
import { administer, kafkaClient } from './kafka-client.js';
import { KafkaFeed } from './kafka-feed.js';
import type { KafkaSettings } from './kafka-settings.js';
import { freshTopic, TopicWriter } from './testing/topics.js';

jest.setTimeout(180_000);

const GATHERING = { most: 200, gatherMs: 5 };
const STREAMS = Array.from({ length: 12 }, (_, n) => `account-${n}`);

describe('KafkaFeed', () => {
  let broker: KafkaBroker;
  let database: TestDatabase;
  let client: Client;
  let settings: KafkaSettings;
  let store: InMemoryStore;
  let writer: TopicWriter;
  let running: { stop: () => Promise<unknown> }[];
  let heads: Map<string, number>;

  beforeAll(async () => { broker = await startKafka(); });
  afterAll(() => broker.stop());

  const connect = async (): Promise<void> => {
    client = new Client(database.url);
    client.on('error', () => undefined);
    await client.connect();
  };

  const open = async (server?: string): Promise<void> => {
    database = await freshDatabase(server);
    await connect();
    await client.query(`${FEED_TABLES}; ${TALLY_TABLE}`);
    settings = await freshTopic(broker.brokers, 6);
    store = new InMemoryStore();
    writer = await TopicWriter.open(settings);
    running = [];
    heads = new Map();
    isOpen = true;
  };

  let isOpen = false;
  const close = async (): Promise<void> => {
    isOpen = false;
    await Promise.all(running.map(({ stop }) => stop()));
    await writer.close();
    await client.end();
    await database.drop();
  };
  afterEach(async () => { if (isOpen) await close(); });

  const kafkaFeed = (): KafkaFeed => new KafkaFeed(settings, new InMemoryEventLog(store), database.url, GATHERING);
  const directFeed = (): DirectFeed => new DirectFeed(new InMemoryEventLog(store), database.url, GATHERING);

  const engine = (feed: EventFeed = kafkaFeed()) => {
    const tally = new Tally('tally');
    const stopping = new AbortController();
    const ended = feed.consume(tally, stopping.signal).then(() => undefined, (error: unknown) => error);
    const started = { tally, feed, ended, stop: () => { stopping.abort(); return ended; } };
    running.push(started);
    return started;
  };

  /** The next events of each stream, into the log; and what of them a relay sends. */
  const append = (rounds: number, streams = STREAMS) => {
    const events: Published[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const stream of streams) {
        const revision = (heads.get(stream) ?? -1) + 1;
        heads.set(stream, revision);
        events.push({ stream, revision, body: '' });
      }
    }
    return publishTo(store, events);
  };
  const publish = async (rounds: number, streams = STREAMS): Promise<void> => writer.send(append(rounds, streams), store.id);

  const expected = (): number => [...heads.values()].reduce((sum, revision) => sum + revision + 1, 0);
  const count = async (): Promise<number> => Number((await client.query<{ n: string }>('SELECT count(*) AS n FROM tally')).rows[0]?.n);
  const untilThrough = async ({ tally, ended }: Pick<ReturnType<typeof engine>, 'tally' | 'ended'>): Promise<void> => {
    const stopped = ended.then((error) => { throw error ?? new Error('it was stopped before it was through'); });
    await Promise.race([stopped, tally.untilLater(async () => await count() >= expected())]);
  };
  /** Each event once, each stream in its order. */
  const expectExact = async (): Promise<void> => {
    const { rows } = await client.query<{ stream: string; revisions: number[] }>('SELECT stream, array_agg(revision ORDER BY place) AS revisions FROM tally GROUP BY stream');
    expect(new Map(rows.map(({ stream, revisions }) => [stream, revisions])))
      .toEqual(new Map([...heads].map(([stream, last]) => [stream, Array.from({ length: last + 1 }, (_, n) => n)])));
  };

  it('shares the partitions among processes that come and go under load, each message delivered twice', async () => {
    await open();
    const stopping = new AbortController();
    const writing = (async () => {
      while (!stopping.signal.aborted) {
        const events = append(2);
        await writer.send(events, store.id);
        await writer.send(events, store.id);
        await delay(10);
      }
    })();
    const first = engine();
    await first.tally.until(() => first.tally.given > 100);
    const second = engine();
    await second.tally.until(() => second.tally.given > 100);
    const third = engine();
    await third.tally.until(() => third.tally.given > 100);
    await first.stop();
    await Promise.all([second, third].map(({ tally }) => { const { given } = tally; return tally.until(() => tally.given > given + 100); }));
    const fourth = engine();
    await fourth.tally.until(() => fourth.tally.given > 100);
    await second.stop();
    stopping.abort();
    await writing;
    await untilThrough(fourth);
    await expectExact();
    expect(await fourth.feed.lag(client, 'tally')).toEqual({ events: 0, atLeast: false, seconds: 0 });
  });

  it('leaves a process without partitions standing by where there are fewer of them', async () => {
    await open();
    settings = await freshTopic(broker.brokers, 1);
    const engines = [engine(), engine()];
    await Promise.all(engines.map(({ tally }) => tally.until(() => tally.states.length > 0)));
    await engines[0]?.tally.untilLater(() => {
      const states = engines.map(({ tally }) => tally.states.at(-1)?.status);
      return states.includes('live') && states.includes('standby');
    });
  });

  it('takes over from the direct feed and gives back to it, with both started at once', async () => {
    await open();
    const direct = engine(directFeed());
    await publish(3);
    await untilThrough(direct);
    const led = engine();
    await led.tally.untilStatus('standby');
    await direct.stop();
    await publish(2);
    await untilThrough(led);
    expect(led.tally.given).toBe(24);
    await publish(2);
    const back = engine(directFeed());
    await back.tally.untilStatus('standby');
    await led.stop();
    await publish(2);
    await untilThrough(back);
    await back.stop();
    const again = engine();
    await publish(1);
    await untilThrough(again);
    await expectExact();
  });

  it('reads from the log what the topic never had, and follows partitions in which nothing happens', async () => {
    await open();
    append(4);
    const { tally, ended, stop } = engine();
    await untilThrough({ tally, ended });
    await publish(1, STREAMS.slice(0, 1));
    await untilThrough({ tally, ended });
    await stop();
    await publish(2);
    const other = engine();
    await untilThrough(other);
    await expectExact();
  });

  it('reads from the log what the topic no longer has', async () => {
    await open();
    const before = engine();
    await publish(2);
    await untilThrough(before);
    await before.stop();
    await publish(5);
    await administer(kafkaClient(settings), async (admin) => {
      const ends = await admin.fetchTopicOffsets(settings.topic);
      await admin.deleteTopicRecords({ topic: settings.topic, partitions: ends.map(({ partition, high }) => ({ partition, offset: high })) });
    });
    const after = engine();
    await untilThrough(after);
    await publish(1);
    await untilThrough(after);
    await expectExact();
  });

  it('begins anew in another topic of the same log', async () => {
    await open();
    const before = engine();
    await publish(2);
    await untilThrough(before);
    await before.stop();
    append(2);
    await writer.close();
    settings = await freshTopic(broker.brokers, 2);
    writer = await TopicWriter.open(settings);
    const after = engine();
    await untilThrough(after);
    await publish(2);
    await untilThrough(after);
    await expectExact();
  });

  it('goes on in a topic that was given more partitions', async () => {
    await open();
    const before = engine();
    await publish(2);
    await untilThrough(before);
    await before.stop();
    await administer(kafkaClient(settings), (admin) => admin.createPartitions({ topicPartitions: [{ topic: settings.topic, count: 9 }] }));
    await writer.close();
    writer = await TopicWriter.open(settings);
    const after = engine();
    await publish(2);
    await untilThrough(after);
    await expectExact();
    // What came by way of the log comes from the topic once more, and is dropped: until then it waits there.
    let lag = await after.feed.lag(client, 'tally');
    for (; lag.events > 0; lag = await after.feed.lag(client, 'tally')) await delay(50);
    expect(lag).toEqual({ events: 0, atLeast: false, seconds: 0 });
  });

  it('stops at a message that is missing, in every process', async () => {
    await open();
    const engines = [engine(), engine()] as const;
    await Promise.all(engines.map(({ tally }) => tally.untilStatus('live')));
    await publish(2);
    await untilThrough(engines[0]);
    const [, ...later] = append(3, ['account-3']);
    await writer.send(later, store.id);
    for (const error of await Promise.all(engines.map(({ ended }) => ended))) {
      expect(error).toBeInstanceOf(StreamGap);
      expect(error).toMatchObject({ stream: 'account-3', applied: 1, delivered: 3 });
    }
    expect(await count()).toBe(24);
  });

  it('refuses messages of another log, and such as no relay sent, with all before them applied', async () => {
    await open();
    const first = engine();
    await first.tally.untilStatus('live');
    await publish(1);
    await untilThrough(first);
    const foreign = append(1, ['account-0']);
    await writer.send(foreign, crypto.randomUUID());
    expect(await first.ended).toBeInstanceOf(ForeignEvent);
    expect(first.tally.states.at(-1)?.status).toBe('stopped');
    expect(await count()).toBe(12);

    settings = await freshTopic(broker.brokers, 1);
    const second = engine();
    await second.tally.untilStatus('live');
    const producer = kafkaClient(settings).producer();
    await producer.connect();
    await producer.send({ topic: settings.topic, messages: [{ key: 'account-0', value: 'hello' }] });
    await producer.disconnect();
    expect(await second.ended).toBeInstanceOf(UnreadableMessage);
  });

  it('tells how much waits, and about how long it has', async () => {
    await open();
    const { tally, feed, ended, stop } = engine();
    await publish(1);
    await untilThrough({ tally, ended });
    await tally.untilLater(async () => (await feed.lag(client, 'tally')).events === 0);
    await stop();
    await publish(3);
    await delay(1_500);
    const { seconds, ...lag } = await feed.lag(client, 'tally');
    expect(lag).toEqual({ events: 36, atLeast: false });
    expect(seconds).toBeGreaterThan(1.4);
    expect(seconds).toBeLessThan(15);
    const led = engine();
    await untilThrough(led);
    await led.tally.untilLater(async () => (await feed.lag(client, 'tally')).events === 0);
    append(2); // and no relay
    expect((await feed.lag(client, 'tally')).events).toBe(24);
  });

  it.each(['kill', 'freeze'] as const)('goes on by itself after a broker was gone: %s', async (way) => {
    await open();
    const engines = [engine(), engine()] as const;
    await Promise.all(engines.map(({ tally }) => tally.untilStatus('live')));
    await publish(2);
    await untilThrough(engines[0]);
    if (way === 'kill') await broker.kill();
    else broker.freeze();
    append(1);
    expect(await engines[0].feed.lag(client, 'tally')).toMatchObject({ events: 12, atLeast: true });
    if (way === 'kill') {
      await Promise.all(engines.map(({ tally }) => tally.untilStatus('retrying')));
      await broker.restart();
    } else {
      await delay(15_000); // longer than anybody waits for one answer, and than the group knows of its members
      broker.thaw();
    }
    await Promise.all(engines.map(({ tally }) => tally.untilStatus('live')));
    await writer.send(store.all.slice(-12), store.id);
    await publish(3);
    await untilThrough(engines[0]);
    await expectExact();
  });

  it('goes on by itself after the database was gone', async () => {
    const server = await startServer();
    await open(server.url);
    const engines = [engine(), engine()] as const;
    await Promise.all(engines.map(({ tally }) => tally.untilStatus('live')));
    await publish(2);
    await untilThrough(engines[0]);
    await server.crash();
    await publish(3);
    await Promise.race(engines.map(({ tally }) => tally.untilStatus('retrying')));
    await server.start();
    await connect();
    await untilThrough(engines[0]);
    await publish(1);
    await untilThrough(engines[0]);
    await expectExact();
    await close();
    await server.remove();
  });
});
