import { LOGIN, startKafka, type KafkaBroker } from '../../../../test/support/kafka.js';
import { administer, kafkaClient } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';

describe('a client of brokers that want TLS and a login', () => {
  let broker: KafkaBroker;
  beforeAll(async () => { broker = await startKafka({ secure: true }); }, 120_000);
  afterAll(async () => { await broker.stop(); });

  const ask = (change: Partial<KafkaSettings>): Promise<string[]> => administer(kafkaClient({
    brokers: broker.brokers, topic: '', partitions: 1, replication: 1, tls: { ca: broker.ca }, sasl: { mechanism: 'plain', ...LOGIN }, ...change,
  }), (admin) => admin.listTopics());

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('is let in by %s', async (mechanism) => {
    expect(await ask({ sasl: { mechanism, ...LOGIN } })).toEqual(expect.any(Array));
  });

  it.each<[string, Partial<KafkaSettings>, RegExp]>([
    ['the password is wrong', { sasl: { mechanism: 'scram-sha-512', ...LOGIN, password: 'wrong' } }, /auth/i],
    ['the certificate is not trusted', { tls: { ca: undefined } }, /self.signed certificate/],
  ])('is told when %s', async (_, change, reason) => {
    await expect(ask(change)).rejects.toThrow(reason);
  });
});
