import { jest } from '@jest/globals';
import { freshDatabase, startServer, type TestDatabase, type TestServer } from '../support/postgres.js';
import { catalogFile, startApi, TOKENS, type TestApi } from './support.js';

jest.setTimeout(60_000);

describe('an API that is started and stopped', () => {
  let database: TestDatabase;
  beforeAll(async () => { database = await freshDatabase(); });
  afterAll(() => database.drop());

  it('says how it is', async () => {
    const api = await startApi(database.url);
    expect(await api.get('/health/live', { token: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await api.get('/health/ready', { token: null })).toMatchObject({ status: 200, body: { status: 'ok', checks: [{ name: 'log', ok: true }, { name: 'projections', ok: true }] } });
    await api.close();
  });

  it('shows its document to all, its metrics to who has a token', async () => {
    const api = await startApi(database.url);
    expect((await api.get('/openapi.json', { token: null })).body).toMatchObject({ openapi: '3.1.0' });
    const docs = await api.get('/docs', { token: null });
    expect([docs.status, docs.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(docs.text).toContain('Place a hold');
    expect(await api.get('/metrics', { token: null })).toMatchObject({ status: 401 });
    await api.post('/v1/accounts', {});
    const { text } = await api.get('/metrics', { token: TOKENS['read-only'] });
    expect(text).toMatch(/meterbook_http_request_duration_seconds_count\{operation="openAccount",status="400"\} 1/);
    expect(text).toContain('process_resident_memory_bytes');
    await api.close();
  });

  it('documents every path it has', async () => {
    const api = await startApi(database.url);
    const { paths } = (await api.get('/openapi.json')).body;
    const documented = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1')] as const));
    expect(documented.filter(([method, path]) => !api.routes.has(method, path))).toEqual([]);
    expect(api.routes.count).toBe(documented.length);
    await api.close();
  });

  it('finishes what is under way when it is told to stop, and takes nothing new', async () => {
    const api = await startApi(database.url);
    await api.put('/v1/catalogs/kyma', catalogFile('kyma'));
    await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma' });
    const under = Array.from({ length: 50 }, (_, n) => api.post('/v1/accounts/acme/purchases', { id: `b-${n}`, amount: '1' }));
    await new Promise((resolve) => { setTimeout(resolve, 5); });
    const closed = api.close();
    const answers = await Promise.allSettled(under);
    await closed;
    const done = answers.filter((answer) => answer.status === 'fulfilled' && answer.value.status === 201).length;
    expect(answers.every((answer) => answer.status === 'rejected' || answer.value.status === 201)).toBe(true);
    await expect(api.get('/health/live')).rejects.toThrow('fetch failed');
    const next = await startApi(database.url);
    expect(Number((await next.get('/v1/accounts/acme/balance')).body.available)).toBeGreaterThanOrEqual(done);
    await next.close();
  });
});

describe('an API whose database goes away', () => {
  let server: TestServer;
  let database: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    server = await startServer();
    database = await freshDatabase(server.url);
    api = await startApi(database.url);
    await api.put('/v1/catalogs/kyma', catalogFile('kyma'));
    await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma' });
    await api.post('/v1/accounts/acme/purchases', { id: 'buy', amount: '10' });
  });
  afterAll(async () => {
    await api.close();
    await server.remove();
  });

  it('answers 503 with Retry-After, never 500, and recovers by itself', async () => {
    await server.crash();
    const paths = ['/v1/accounts/acme/balance', '/v1/accounts/acme/usage', '/v1/accounts/acme/events', '/v1/accounts', '/v1/events', '/v1/projections', '/v1/catalogs', '/v1/accounts/acme/holds'];
    const answers = await Promise.all([
      ...paths.map((path) => api.get(path)), api.post('/v1/holds', { id: 'h', accountId: 'acme', amount: '1' }), api.post('/v1/usage', { specversion: '1.0', id: 'u', source: 's', type: 'usage', subject: 'acme', time: '2026-11-01T10:00:00Z', data: { amount: '1' } }),
    ]);
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual(answers.map(() => [503, '1']));
    expect(await api.get('/health/live')).toMatchObject({ status: 200 });
    expect(await api.get('/health/ready')).toMatchObject({ status: 503, body: { status: 'unavailable' } });
    expect((await api.get('/metrics')).text).toContain('meterbook_projection_lag_events Nan');
    await server.start();
    const deadline = Date.now() + 20_000;
    let hold = await api.post('/v1/holds', { id: 'h', accountId: 'acme', amount: '1' });
    while (hold.status === 503 && Date.now() < deadline) {
      await new Promise((resolve) => { setTimeout(resolve, 100); });
      hold = await api.post('/v1/holds', { id: 'h', accountId: 'acme', amount: '1' });
    }
    expect(hold).toMatchObject({ status: 201, body: { balance: { available: '9' } } });
    expect((await api.get('/v1/accounts/acme/balance')).body).toMatchObject({ available: '9' });
    expect(api.errors).toEqual([]);
  });
});
