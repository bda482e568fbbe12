import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { Collector, type CollectedSpan } from './collector.js';
import { callAt, startSeenEngine, type Json, type SeenEngine } from './engine.js';

jest.setTimeout(60_000);

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparent = (traceId: string, sampled = true): string => `00-${traceId}-${CALLER.spanId}-${sampled ? '01' : '00'}`;

describe('the traces of an engine', () => {
  let database: TestDatabase;
  let collector: Collector;
  let engine: SeenEngine;
  const answers = new Map<string, { status: number; body: Json }>();
  let events: readonly Json[];

  const TRACES = { done: CALLER.traceId, repeated: 'a'.repeat(32), refused: 'b'.repeat(32), read: 'c'.repeat(32), notSampled: 'd'.repeat(32), probe: 'e'.repeat(32), stranger: 'f'.repeat(32) };
  const REASON = 'Erika Mustermann complained';

  beforeAll(async () => {
    database = await freshDatabase();
    collector = await Collector.start();
    engine = await startSeenEngine(database.url, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect((await engine.call('POST', '/v1/accounts', { id: 'acme', catalog: 'kyma' })).status).toBe(201);
    const buy = async (trace: keyof typeof TRACES, amount: string, key = 'k-1'): Promise<void> => {
      answers.set(trace, await engine.call('POST', '/v1/accounts/acme/purchases', { id: key, amount }, { 'idempotency-key': key, 'x-request-id': `corr-${trace}`, traceparent: traceparent(TRACES[trace], trace !== 'notSampled') }));
    };
    await buy('done', '25');
    await buy('repeated', '25');
    await buy('refused', '26');
    await buy('notSampled', '5', 'k-2');
    expect((await engine.call('POST', '/v1/accounts/acme/grants', { id: 'g-1', kind: 'signup_bonus', amount: '1', reason: REASON }, { 'idempotency-key': 'k-3' })).status).toBe(201);
    answers.set('read', await engine.call('GET', '/v1/accounts/acme/balance', undefined, { traceparent: traceparent(TRACES.read), 'meterbook-min-position': answers.get('notSampled')?.body.position as string }));
    answers.set('probe', await engine.call('GET', '/health/ready', undefined, { traceparent: traceparent(TRACES.probe) }));
    answers.set('stranger', await callAt(engine.url, 'no token of ours')('GET', '/v1/accounts/acme/balance', undefined, { traceparent: traceparent(TRACES.stranger) }));
    events = (await engine.call('GET', '/v1/accounts/acme/events')).body.items as Json[];
    await engine.close(); // sends the last of them
  });
  afterAll(async () => {
    await collector.stop();
    await database.drop();
  });

  const named = (trace: keyof typeof TRACES, name: string): CollectedSpan => {
    const found = collector.trace(TRACES[trace]).filter((span) => span.name === name);
    if (found.length !== 1) throw new Error(`${found.length} spans ${name} among ${collector.trace(TRACES[trace]).map((span) => span.name).join(', ')}`);
    return found[0] as CollectedSpan;
  };

  it('follow one command from the caller through HTTP, the decision and the append to the read models', () => {
    expect(answers.get('done')?.status).toBe(201);
    const [http, command, append, project] = ['POST /v1/accounts/{accountId}/purchases', 'BuyCredit', 'append', 'project read-models'].map((name) => named('done', name)) as [CollectedSpan, CollectedSpan, CollectedSpan, CollectedSpan];
    expect(collector.trace(TRACES.done)).toHaveLength(4);
    expect([http, command, append, project].map(({ parentSpanId }) => parentSpanId)).toEqual([CALLER.spanId, http.spanId, command.spanId, command.spanId]);
    expect([http, command, append, project].map(({ kind }) => kind)).toEqual([2, 1, 3, 5]);
    expect(http.startedAt <= command.startedAt && command.startedAt <= append.startedAt && append.startedAt < append.endedAt).toBe(true);
    expect(append.endedAt <= command.endedAt && command.endedAt <= http.endedAt && append.startedAt <= project.endedAt).toBe(true);
    expect(http).toMatchObject({ service: 'meterbook', attributes: { 'http.response.status_code': 201, 'meterbook.operation': 'buyCredit', 'meterbook.account_id': 'acme', 'meterbook.correlation_id': 'corr-done' } });
    expect(command.attributes).toMatchObject({ 'meterbook.command': 'BuyCredit', 'meterbook.account_id': 'acme', 'meterbook.outcome': 'done', 'meterbook.revision': 1 });
    expect(append.attributes).toMatchObject({ 'meterbook.stream': 'account-acme', 'meterbook.events': 1, 'meterbook.revision': 1 });
    expect(project.attributes).toMatchObject({ 'meterbook.stream': 'account-acme', 'meterbook.revision': 1 });
  });

  it('are named in the envelope of each event by the span of its command', () => {
    const command = named('done', 'BuyCredit');
    expect(events[1]).toMatchObject({ correlationId: 'corr-done', traceparent: `00-${CALLER.traceId}-${command.spanId}-01` });
  });

  it('show a repeat and a refusal with their outcome, and nothing appended', () => {
    expect(named('repeated', 'BuyCredit').attributes).toMatchObject({ 'meterbook.outcome': 'repeated', 'meterbook.revision': 1 });
    expect(named('refused', 'BuyCredit')).toMatchObject({ status: 0, attributes: { 'meterbook.outcome': 'refused', 'error.type': 'idempotency_conflict' } });
    expect([...collector.trace(TRACES.repeated), ...collector.trace(TRACES.refused)].filter(({ name }) => name === 'append' || name.startsWith('project'))).toEqual([]);
  });

  it('leave out what the caller does not want recorded, and say so to the events', () => {
    expect(answers.get('notSampled')?.status).toBe(201);
    expect(collector.trace(TRACES.notSampled)).toEqual([]);
    expect(events[2]?.traceparent).toMatch(new RegExp(`^00-${TRACES.notSampled}-[0-9a-f]{16}-00$`));
  });

  it('show a read as a request, and nothing of probes', () => {
    expect(answers.get('read')?.status).toBe(200);
    expect(collector.trace(TRACES.read).map(({ name }) => name)).toEqual(['GET /v1/accounts/{accountId}/balance']);
    expect(collector.trace(TRACES.probe)).toEqual([]);
  });

  it('show nothing of who is not let in, whatever they send', () => {
    expect(answers.get('stranger')?.status).toBe(401);
    expect(collector.trace(TRACES.stranger)).toEqual([]);
  });

  it('carry no token, and nothing of a body', () => {
    const all = collector.bodies.join('\n');
    expect(all).not.toContain(engine.operatorTokens[0]?.token);
    expect(all).not.toContain(REASON);
    expect(all).not.toContain('Bearer');
  });
});

describe('a collector', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '500'; // after which it gives a batch up
  });
  afterAll(async () => {
    delete process.env.OTEL_EXPORTER_OTLP_TIMEOUT;
    await database.drop();
  });

  it('that is away hurts no request, and keeps no engine from ending', async () => {
    const engine = await startSeenEngine(database.url, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', LOG_LEVEL: 'silent' });
    const answered = await Promise.all(Array.from({ length: 50 }, (_, n) => engine.call('POST', '/v1/accounts', { id: `a-${n}`, catalog: 'kyma' })));
    expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([201]));
    const before = performance.now();
    await engine.close();
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
