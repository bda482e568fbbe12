import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { Client } from 'pg';
import { administer, kafkaClient } from '#libs/event-feed';
import { PostgresEventLog, type EventLog, type RecordedEvent } from '#libs/event-log';
import { TopicWriter } from '../../event-feed/src/kafka/testing/topics.js';
import { startKafka, type KafkaBroker } from '../../../test/support/kafka.js';
import { freshDatabase } from '../../../test/support/postgres.js';
import { ForeignTopic, LogRewound, OversizedEvent, TopicRepartitioned, UnreadableEvent } from './refusals.js';
import { Site } from './testing/site.js';
import { until } from './testing/until.js';

jest.setTimeout(120_000);

describe('a relay', () => {
  let broker: KafkaBroker;
  let site: Site;
  beforeAll(async () => { broker = await startKafka(); });
  afterAll(async () => { await broker.stop(); });
  beforeEach(async () => { site = await Site.open(broker); });
  afterEach(async () => { await site.close(); });

  it('brings 10,000 events to all partitions, each once, each stream in its order in one partition', async () => {
    await site.write(6_000, 100);
    const { relay, states } = site.relay();
    await site.write(4_000, 100);
    const topic = await site.expectAll();
    expect(topic.messages).toHaveLength(10_000);
    const partitions = new Map<string, Set<number>>();
    for (const { stream, partition } of topic.messages) partitions.set(stream, (partitions.get(stream) ?? new Set()).add(partition));
    expect([...partitions.values()].every(({ size }) => size === 1)).toBe(true);
    expect(new Set(topic.messages.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2, 3]));
    expect(states).toEqual(['standby', 'starting', 'live']);
    expect(await relay.status()).toEqual({ state: 'live', position: await site.log.end(), lag: { events: 0, atLeast: false, seconds: 0 }, error: undefined });
  });

  it('goes on where the last one stopped', async () => {
    await site.write(100, 10);
    const first = site.relay();
    await until(async () => (await first.relay.status()).position === await site.log.end());
    await first.relay.stop();
    await site.write(100, 10);
    site.relay();
    expect((await site.expectAll()).messages).toHaveLength(200);
  });

  it('counts what is not sent yet, whichever process asks', async () => {
    await site.write(50, 5);
    const first = site.relay();
    await until(async () => (await first.relay.status()).lag.events === 0);
    const second = site.relay();
    await until(() => second.states.includes('standby'));
    expect(await second.relay.status()).toMatchObject({ state: 'standby', position: await site.log.end(), lag: { events: 0 } });
    await Promise.all([first.relay.stop(), second.relay.stop()]);
    await site.write(10, 5);
    const idle = site.relay({ settings: { ...site.settings, brokers: ['127.0.0.1:1'] } });
    await until(() => idle.states.includes('retrying'));
    const { state, lag, error } = await idle.relay.status();
    expect({ state, lag }).toEqual({ state: 'retrying', lag: { events: 10, atLeast: false, seconds: expect.any(Number) as number } });
    expect(lag.seconds).toBeGreaterThan(0);
    expect(error).toMatchObject({ name: expect.stringMatching(/^KafkaJS/) as string });
    expect(idle.relay.condition).toEqual({ state: 'retrying', error: expect.any(Error) as Error });
  });

  it('stops at once while its broker is away', async () => {
    const { relay, states } = site.relay({ settings: { ...site.settings, brokers: ['127.0.0.1:1'] } });
    await until(() => states.includes('retrying'));
    const asked = Date.now();
    await relay.stop();
    expect(Date.now() - asked).toBeLessThan(3_000);
  });

  it('stops at once while its broker is frozen and it looks at the topic', async () => {
    await site.write(20, 2);
    const first = site.relay();
    await until(async () => (await first.relay.status()).lag.events === 0);
    await first.relay.stop();
    const admin = kafkaClient(site.settings).admin();
    await admin.connect();
    const frozenWhileItLooks = async (): Promise<ReturnType<Site['relay']>> => {
      const known = (await admin.listGroups()).groups.length;
      const second = site.relay();
      while ((await admin.listGroups()).groups.length === known && !second.states.includes('live')) await delay(1); // it looks as a group of its own
      broker.freeze();
      await delay(100);
      if (!second.states.includes('live')) return second;
      broker.thaw(); // it was through before
      await second.relay.stop();
      return frozenWhileItLooks();
    };
    const { relay, states } = await frozenWhileItLooks();
    try {
      expect(states).toEqual(['standby', 'starting']);
      const asked = Date.now();
      await relay.stop();
      expect(Date.now() - asked).toBeLessThan(3_000);
    } finally {
      broker.thaw();
      await admin.disconnect();
    }
  });

  it('sends everything again to a topic that was made anew', async () => {
    await site.write(20, 2);
    const first = site.relay();
    await until(async () => (await first.relay.status()).lag.events === 0);
    await first.relay.stop();
    await administer(kafkaClient(site.settings), (admin) => admin.deleteTopics({ topics: [site.settings.topic] }));
    site.relay();
    expect((await site.expectAll()).messages).toHaveLength(20);
  });

  describe('refuses', () => {
    const refusal = async (relay: { readonly states: readonly string[]; readonly errors: readonly unknown[] }): Promise<unknown> => {
      await until(() => relay.states.at(-1) === 'stopped');
      return relay.errors.at(-1);
    };

    /** Sends some events and stops. */
    const used = async (): Promise<void> => {
      await site.write(20, 2);
      const { relay } = site.relay();
      await until(async () => (await relay.status()).lag.events === 0);
      await relay.stop();
    };

    it('a topic that has the events of another log', async () => {
      await used();
      const other = await freshDatabase();
      const log = await PostgresEventLog.open(other.url);
      await log.append('account-0', [{ id: randomUUID(), type: 'Tested', body: '{}' }], -1);
      const refused = site.relay({ log });
      const error = await refusal(refused);
      expect(error).toBeInstanceOf(ForeignTopic);
      expect(error).toMatchObject({ found: site.log.id, log: log.id });
      expect(await refused.relay.status()).toMatchObject({ state: 'stopped', position: undefined, lag: { events: 1 } });
      await log.close();
      await other.drop();
    });

    it('a log that ends before what was sent from it', async () => {
      await used();
      const rewound = Object.create(site.log, { end: { value: async () => '0000000000000007' } }) as EventLog;
      expect(await refusal(site.relay({ log: rewound }))).toBeInstanceOf(LogRewound);
    });

    describe('a log that went back in time together with the position', () => {
      /** The database as it is now, put in the place of what it becomes later. */
      const snapshot = async (): Promise<() => Promise<void>> => {
        const client = new Client({ connectionString: site.databaseUrl });
        await client.connect();
        await client.query('CREATE SCHEMA saved; CREATE TABLE saved.events AS TABLE log.events; CREATE TABLE saved.position AS TABLE relay.position');
        return async () => {
          await client.query('BEGIN; DELETE FROM log.events; INSERT INTO log.events SELECT * FROM saved.events; DELETE FROM relay.position; INSERT INTO relay.position SELECT * FROM saved.position; COMMIT');
          await client.end();
        };
      };

      /** Sends more events, which the log then loses. */
      const rewound = async (beforeLoss: () => Promise<void> = () => Promise.resolve()): Promise<void> => {
        await used();
        const restore = await snapshot();
        await site.write(4, 2);
        const { relay } = site.relay();
        await until(async () => (await relay.status()).lag.events === 0);
        await relay.stop();
        await beforeLoss();
        await restore();
      };

      it('and is behind the topic', async () => {
        await rewound();
        const error = await refusal(site.relay());
        expect(error).toBeInstanceOf(LogRewound);
        expect((error as Error).message).toMatch(/ends at .* new-log-identity/);
      });

      it('and is behind the topic, where a relay had sent a part of the rest again', async () => {
        await rewound(async () => {
          const kept: RecordedEvent[] = [];
          for await (const page of site.log.readAll()) kept.push(...page);
          const writer = await TopicWriter.open(site.settings);
          for (let n = 0; n < 20; n += 1) await writer.send(kept.slice(0, 20), site.log.id);
          await writer.close();
        });
        expect(await refusal(site.relay())).toBeInstanceOf(LogRewound);
      });

      it('and has other events by now where the lost ones were', async () => {
        await rewound();
        site.rewindTo('account-0', 9);
        for (let n = 0; n < 5; n += 1) await site.append('account-0', ['{}', '{}']);
        const error = await refusal(site.relay());
        expect(error).toBeInstanceOf(LogRewound);
        expect((error as Error).message).toMatch(/event \S+ was sent to it, and the log has .* at revision 1[0-9] of account-[01]/);
      });
    });

    it('a topic that was given more partitions', async () => {
      await used();
      await administer(kafkaClient(site.settings), (admin) => admin.createPartitions({ topicPartitions: [{ topic: site.settings.topic, count: 9 }] }));
      const error = await refusal(site.relay());
      expect(error).toBeInstanceOf(TopicRepartitioned);
      expect(error).toMatchObject({ before: 4, now: 9 });
    });

    it('an event that the topic does not take, with all before it sent; it goes on once the topic takes it', async () => {
      const admin = <T>(work: Parameters<typeof administer<T>>[1]) => administer(kafkaClient(site.settings), work);
      const limit = (bytes: number) => ({ name: 'max.message.bytes', value: String(bytes) });
      await admin((client) => client.createTopics({ topics: [{ topic: site.settings.topic, numPartitions: 2, configEntries: [limit(20_000)] }] }));
      await site.write(100, 10);
      await site.append('account-large', [JSON.stringify({ data: 'ö'.repeat(12_000) })]);
      await site.write(10, 10);
      const first = site.relay({ lookAgainMs: 50 });
      const error = await refusal(first);
      expect(error).toBeInstanceOf(OversizedEvent);
      expect((error as Error).message).toMatch(/revision 0 of account-large .* raise max.message.bytes/);
      await until(() => first.errors.length > 2); // it looks, and is not taken for well meanwhile
      expect(first.states).toEqual(['standby', 'starting', 'live', 'stopped']);
      expect(await first.relay.status()).toMatchObject({ state: 'stopped', error: { message: (error as Error).message }, lag: { events: 11 } });
      await admin((client) => client.alterConfigs({ validateOnly: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: site.settings.topic, configEntries: [limit(30_000)] }] }));
      expect((await site.expectAll()).messages).toHaveLength(111);
      await until(() => first.states.at(-1) === 'live');
    });

    it('an event, and is well again when it finds that another one has sent it, though nothing came after it', async () => {
      const admin = <T>(work: Parameters<typeof administer<T>>[1]) => administer(kafkaClient(site.settings), work);
      const limit = (bytes: number) => ({ name: 'max.message.bytes', value: String(bytes) });
      await admin((client) => client.createTopics({ topics: [{ topic: site.settings.topic, numPartitions: 2, configEntries: [limit(20_000)] }] }));
      await site.append('account-large', [JSON.stringify({ data: 'ö'.repeat(12_000) })]);
      const first = site.relay({ lookAgainMs: 20_000 });
      expect(await refusal(first)).toBeInstanceOf(OversizedEvent);
      await admin((client) => client.alterConfigs({ validateOnly: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: site.settings.topic, configEntries: [limit(30_000)] }] }));
      const second = site.relay();
      await until(async () => (await second.relay.status()).lag.events === 0);
      await second.relay.stop();
      expect(first.states).toEqual(['standby', 'starting', 'live', 'stopped']);
      await until(() => first.states.length > 4, 60_000);
      expect(first.states).toEqual(['standby', 'starting', 'live', 'stopped', 'live']);
      expect(first.relay.condition).toEqual({ state: 'live', error: undefined });
    });

    it.each(['not JSON', '"text"', 'null'])('an event whose body is %s, with all before it sent', async (text) => {
      await site.write(10, 2);
      await site.append('account-odd', [text]);
      const { relay, states, errors } = site.relay();
      expect(await refusal({ states, errors })).toBeInstanceOf(UnreadableEvent);
      expect(await relay.status()).toMatchObject({ state: 'stopped', lag: { events: 1 } });
    });
  });
});
