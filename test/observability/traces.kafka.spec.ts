import { jest } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kafkaClient } from '#libs/event-feed';
import { startKafka, type KafkaBroker } from '../support/kafka.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { Collector, type CollectedSpan } from './collector.js';
import { callAt, startSeenEngine, type Call } from './engine.js';
import { Service } from './service.js';

jest.setTimeout(120_000);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TOKEN = 'a-token-of-an-operator';

describe('over Kafka', () => {
  let broker: KafkaBroker;
  beforeAll(async () => { broker = await startKafka(); });
  afterAll(() => broker.stop());

  let database: TestDatabase;
  let collector: Collector;
  beforeEach(async () => { [database, collector] = await Promise.all([freshDatabase(), Collector.start()]); });
  afterEach(async () => {
    await collector.stop();
    await database.drop();
  });

  const settingsFor = (topic: string): Record<string, string> => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, EVENT_FEED: 'kafka', KAFKA_BROKERS: broker.brokers.join(','), KAFKA_TOPIC: topic, KAFKA_PARTITIONS: '2',
  });

  /** Of the first message that belongs to the trace. */
  const headerIn = async (topic: string): Promise<string> => {
    const found = new EventEmitter();
    const consumer = kafkaClient({ brokers: broker.brokers, topic, partitions: 2, replication: 1, tls: undefined, sasl: undefined }).consumer({ groupId: `seen-${topic}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const first = once(found, 'header') as Promise<[string]>;
    await consumer.run({ eachMessage: ({ message: { headers } }) => {
      const text = headers?.traceparent?.toString();
      if (text?.includes(TRACE)) found.emit('header', text);
      return Promise.resolve();
    } });
    const [text] = await first;
    await consumer.disconnect();
    return text;
  };

  /** A purchase within a trace, and a read that waits until the read models have it. */
  const buy = async (call: Call): Promise<void> => {
    await call('POST', '/v1/accounts', { id: 'acme', catalog: 'kyma' });
    const bought = await call('POST', '/v1/accounts/acme/purchases', { id: 'b-1', amount: '20' }, { 'idempotency-key': 'b-1', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
    for (let status = 0; status !== 200;) {
      ({ status } = await call('GET', '/v1/accounts/acme/balance', undefined, { 'meterbook-min-position': bought.body.position as string }));
    }
  };

  const expectOneTrace = (topic: string, header: string): CollectedSpan[] => {
    const trace = collector.trace(TRACE);
    const [http, ordered, append, send, project] = ['POST /v1/accounts/{accountId}/purchases', 'BuyCredit', 'append', `send ${topic}`, 'project read-models']
      .map((name) => trace.find((span) => span.name === name)) as [CollectedSpan, CollectedSpan, CollectedSpan, CollectedSpan, CollectedSpan];
    expect(trace).toHaveLength(5);
    expect([ordered, append, send, project].map(({ parentSpanId }) => parentSpanId)).toEqual([http.spanId, ordered.spanId, ordered.spanId, ordered.spanId]);
    expect([send, project].map(({ kind }) => kind)).toEqual([4, 5]);
    expect(send.attributes).toMatchObject({ 'messaging.system': 'kafka', 'messaging.destination.name': topic, 'meterbook.stream': 'account-acme', 'meterbook.revision': 1, 'meterbook.event': 'CreditsPurchased' });
    expect(append.startedAt < send.endedAt && send.startedAt < project.endedAt).toBe(true);
    expect(header).toBe(`00-${TRACE}-${ordered.spanId}-01`);
    return [http, ordered, append, send, project];
  };

  const namesIn = (metrics: string): string[] => [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name).sort();
  const valueOf = (metrics: string, name: string): number => Number(new RegExp(`^${name} (.+)$`, 'm').exec(metrics)?.[1]);

  it('one trace leads from the request through the relay to the read models', async () => {
    const engine = await startSeenEngine(database.url, settingsFor('seen.one'));
    await buy(engine.call);
    const header = await headerIn('seen.one');
    const { text } = await engine.call('GET', '/metrics');
    await engine.close();
    expectOneTrace('seen.one', header);
    expect([valueOf(text, 'meterbook_relay_lag_events'), valueOf(text, 'meterbook_relay_lag_seconds')]).toEqual([0, 0]);
    expect(valueOf(text, 'meterbook_relayed_events_total')).toBeGreaterThanOrEqual(2);
    expect(valueOf(text, 'meterbook_projected_events_total')).toBe(2);
  });

  it('the same leads through processes of their own too, and their metrics have the same names', async () => {
    const env = { ...settingsFor('seen.many'), DATABASE_URL: database.url, METERBOOK_OPERATOR_TOKEN: TOKEN, METERBOOK_DATA_DIR: await mkdtemp(path.join(tmpdir(), 'meterbook-seen-')) };
    const api = await Service.start('api', env);
    const others = await Promise.all((['relay', 'projector', 'scheduler'] as const).map((name) => Service.start(name, env)));
    await buy(callAt(api.url, TOKEN));
    const header = await headerIn('seen.many');
    const apiMetrics = (await callAt(api.url, TOKEN)('GET', '/metrics')).text;
    const metrics = await Promise.all(others.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    await Promise.all([api, ...others].map((service) => service.stop()));
    expect(expectOneTrace('seen.many', header).map(({ service }) => service)).toEqual(['meterbook-api', 'meterbook-api', 'meterbook-api', 'meterbook-relay', 'meterbook-projector']);

    const inOne = await startSeenEngine(database.url, settingsFor('seen.many'));
    const { text } = await inOne.call('GET', '/metrics');
    await inOne.close();
    expect([...new Set([apiMetrics, ...metrics].flatMap(namesIn))].sort()).toEqual(namesIn(text));
    expect(metrics.map((one) => /^meterbook_info\{process="(\w+)"/m.exec(one)?.[1])).toEqual(['relay', 'projector', 'scheduler']);
  });
});
