import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerConfig, Kafka } from 'kafkajs';
import type { RecordedEvent } from '#libs/event-log';
import { startKafka, type KafkaBroker } from '../../../../test/support/kafka.js';
import { isOutage } from '../keep-trying.js';
import { toMessage } from './event-message.js';
import { administer, kafkaClient } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';
import { newestEvents } from './newest-events.js';
import { freshTopic, TopicWriter } from './testing/topics.js';
import { rangesOf } from './topic-ranges.js';

jest.setTimeout(120_000);

const LOG = 'a-log';
const event = (n: number): RecordedEvent =>
  ({ stream: 'account-a', revision: n, id: `e-${n}`, type: 'Tested', body: '{}', position: String(n).padStart(16, '0') });
const events = (from: number, to: number): RecordedEvent[] => Array.from({ length: to - from + 1 }, (_, n) => event(from + n));

describe('the newest events of a topic', () => {
  let broker: KafkaBroker;
  let settings: KafkaSettings;
  beforeAll(async () => { broker = await startKafka(); });
  afterAll(async () => { await broker.stop(); });
  beforeEach(async () => { settings = await freshTopic(broker.brokers, 2); });

  const send = async (...sends: readonly RecordedEvent[][]): Promise<void> => {
    const writer = await TopicWriter.open(settings);
    for (const sending of sends) await writer.send(sending, LOG);
    await writer.close();
  };
  const newest = async (last: number, kafka = kafkaClient(settings)): Promise<(string | undefined)[]> =>
    (await newestEvents(kafka, settings.topic, last, new AbortController().signal)).map(({ id }) => id);
  /** The partition ends with the mark of the transaction's end then, once the brokers have written it. */
  const sendInTransaction = async (sent: readonly RecordedEvent[]): Promise<void> => {
    const producer = kafkaClient(settings).producer({ transactionalId: crypto.randomUUID(), maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: settings.topic, messages: sent.map((one) => { const { key, value, headers } = toMessage(one, LOG); return { key, value, headers: { ...headers } }; }) });
    await transaction.commit();
    await producer.disconnect();
    const isMarked = async (): Promise<boolean> => {
      const ranges = await administer(kafkaClient(settings), (admin) => rangesOf(admin, settings.topic));
      return [...ranges.values()].some(({ high }) => high > sent.length);
    };
    while (!(await isMarked())) await delay(20);
  };

  it('are found behind the repeats that one send may leave', async () => {
    await send(events(0, 3_000), events(0, 2_000), events(0, 500));
    expect(await newest(3_000)).toEqual(['e-3000']);
    expect(await newest(10)).toEqual(['e-500']);
  });

  it('are none in a topic without any', async () => {
    expect(await newest(10)).toEqual([]);
  });

  it('are found where a partition ends with something else than a message, and there may be none', async () => {
    await sendInTransaction(events(0, 5));
    expect(await newest(10)).toEqual(['e-5']);
    expect(await newest(1)).toEqual([]);
  });

  it('are not taken for none when the brokers say nothing: that is an outage', async () => {
    await send(events(0, 5));
    const kafka = kafkaClient(settings);
    const silenced = Object.create(kafka, {
      consumer: {
        value: (options: ConsumerConfig) => {
          const consumer = kafka.consumer(options);
          consumer.on('consumer.group_join', () => broker.freeze());
          return consumer;
        },
      },
    }) as Kafka;
    try {
      const error = await newest(10, silenced).then((found) => `found ${String(found)}`, (reason: unknown) => reason);
      expect(error).toMatchObject({ name: expect.stringMatching(/^KafkaJS/) as string });
      expect(isOutage(error)).toBe(true);
    } finally {
      broker.thaw();
    }
  });
});
