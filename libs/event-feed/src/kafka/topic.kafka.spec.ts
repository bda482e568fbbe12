import { startKafka, type KafkaBroker } from '../../../../test/support/kafka.js';
import { keepTrying } from '../keep-trying.js';
import { administer, kafkaClient } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';
import { openTopic } from './topic.js';

describe('the topic', () => {
  let broker: KafkaBroker;
  beforeAll(async () => { broker = await startKafka(); }, 120_000);
  afterAll(async () => { await broker.stop(); });

  const settings = (topic: string, partitions = 3): KafkaSettings =>
    ({ brokers: broker.brokers, topic, partitions, replication: 1, tls: undefined, sasl: undefined });
  const client = () => kafkaClient(settings(''));

  it('is made where it does not exist, for events of any size that a log takes', async () => {
    const topic = await openTopic(client(), settings('new'));
    expect(topic).toEqual({ name: 'new', cluster: expect.any(String) as string, partitions: 3, largestBatch: 8_388_608, isUntouched: true });
    expect(await openTopic(client(), settings('new'))).toEqual(topic);
  });

  it('is taken as it is where it exists', async () => {
    await administer(client(), (admin) => admin.createTopics({ topics: [{ topic: 'theirs', numPartitions: 5, configEntries: [{ name: 'max.message.bytes', value: '2000000' }] }] }));
    expect(await openTopic(client(), settings('theirs'))).toMatchObject({ partitions: 5, largestBatch: 2_000_000 });
  });

  it('may be made by several processes at once; who comes too early for its leaders tries again', async () => {
    const partitions: number[] = [];
    await Promise.all([1, 2, 3].map(() => keepTrying(async () => {
      partitions.push((await openTopic(client(), settings('raced'))).partitions);
    }, new AbortController().signal, () => undefined)));
    expect(partitions).toEqual([3, 3, 3]);
  });

  it('has been touched once something was sent to it', async () => {
    await openTopic(client(), settings('used'));
    const producer = client().producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic: 'used', messages: [{ key: 'a', value: 'b' }] });
    await producer.disconnect();
    expect((await openTopic(client(), settings('used'))).isUntouched).toBe(false);
  });

  it('is not made with more copies than there are brokers: that is told, and may be tried again when they are there', async () => {
    await expect(openTopic(client(), { ...settings('copied'), replication: 3 })).rejects.toMatchObject({ name: expect.stringMatching(/^KafkaJS/) as string });
  });
});
