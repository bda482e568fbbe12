import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(30_000);

describe('reported usage', () => {
  let database: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    database = await freshDatabase();
    api = await startApi(database.url);
    await api.put('/v1/catalogs/kyma', catalogFile('kyma'));
    await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma' });
    await api.post('/v1/accounts/acme/purchases', { id: 'buy-1', amount: '1' });
  });
  afterAll(async () => {
    expect(api.errors).toEqual([]);
    await api.close();
    await database.drop();
  });

  const event = (id: string, rest: object = {}) => ({ specversion: '1.0', id, source: 'gateway-7', type: 'usage', subject: 'acme', time: '2026-11-01T10:00:00Z', data: { amount: '0.25' }, ...rest });
  const send = (body: unknown, type = 'application/cloudevents-batch+json') => api.send('POST', '/v1/usage', JSON.stringify(body), { headers: { 'content-type': type } });

  it('is answered item by item, in the order sent, a wrong one costing itself alone', async () => {
    const { status, body } = await send([
      event('u-1'), event('u-2', { subject: 'nobody' }), event('u-3', { data: { model: 'none', usage: {} } }), event('u-1'), event('u-1', { data: { amount: '0.5' } }),
      'not an event', { id: 'half' }, event('u-4', { time: '2999-01-01T00:00:00Z' }), event('u-5', { colour: 'red' }), event('u-6', { data: { amount: '2' } }),
    ]);
    expect(status).toBe(200);
    expect(body.results.map((result: Record<string, unknown>) => [result.id, result.status, result.code ?? result.cost, result.replayed ?? false])).toEqual([
      ['u-1', 201, '0.25', false], ['u-2', 404, 'not_found', false], ['u-3', 422, 'unknown_model', false], ['u-1', 201, '0.25', true], ['u-1', 409, 'idempotency_conflict', false],
      [null, 400, 'invalid_request', false], ['half', 400, 'invalid_request', false], ['u-4', 400, 'invalid_request', false], ['u-5', 400, 'invalid_request', false], ['u-6', 201, '2', false],
    ]);
    expect(body.results[8].errors).toEqual([{ path: 'colour', message: expect.stringContaining('not known here') }]);
    // The work was done, so it is recorded although there was no credit for it.
    expect(body.results[9].balance).toMatchObject({ available: '-1.25', debt: '1.25', formatted: '-$1.25' });
  });

  it('may carry its trace, as SDKs add it, which makes it no other event', async () => {
    const traced = event('traced', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=opaque' });
    const { body } = await send([traced, event('traced'), { ...traced, tracestate: 'x'.repeat(1_025) }, { ...traced, traceparent: 7 }]);
    expect(body.results.map(({ status, replayed = false }: { status: number; replayed?: boolean }) => [status, replayed])).toEqual([[201, false], [201, true], [400, false], [400, false]]);
  });

  it('tells sources apart', async () => {
    const { body } = await send([event('same', { source: 'a' }), event('same', { source: 'b' })]);
    expect(body.results).toMatchObject([{ source: 'a', status: 201 }, { source: 'b', status: 201 }]);
    expect(body.results.some(({ replayed }: { replayed?: boolean }) => replayed)).toBe(false);
  });

  it('takes 1,000 events at once, and no more; again, they change nothing', async () => {
    await api.post('/v1/accounts', { id: 'many', catalog: 'kyma' });
    const events = Array.from({ length: 1_000 }, (_, n) => event(`m-${n}`, { subject: 'many', data: { model: 'qwen-3-coder', usage: { input_tokens: n, output_tokens: 1 } } }));
    const first = await send(events);
    expect(first.body.results.every(({ status }: { status: number }) => status === 201)).toBe(true);
    expect(first.body.results.map(({ id }: { id: string }) => id)).toEqual(events.map(({ id }) => id));
    const again = await send(events, 'application/json');
    expect(again.body.results.every(({ replayed }: { replayed?: boolean }) => replayed === true)).toBe(true);
    expect((await api.get('/v1/accounts/many/balance')).body.available).toBe(first.body.results.at(-1).balance.available);
    expect(await send([...events, event('one-more')])).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await send([])).toMatchObject({ status: 400 });
  });

  it('keeps its price when a version is published for the past, which prices what is recorded from then on', async () => {
    const model = 'minimax-voice-clone';
    const costOf = async (id: string) => (await send([event(id, { time: '2020-02-01T00:00:00Z', data: { model } })])).body.results[0].cost as string;
    const settle = async (id: string) => (await api.post(`/v1/accounts/rich/holds/${id}/settle`, { model, usage: {} })).body.cost as string;
    await api.post('/v1/accounts', { id: 'rich', catalog: 'kyma' });
    await api.post('/v1/accounts/rich/purchases', { id: 'buy', amount: '50' });
    expect(await costOf('early')).toBe('2.1');
    await api.post('/v1/holds', { id: 'pinned', accountId: 'rich', model, usage: {} });
    const models = catalogFile('kyma').rateCard.models.map((price: { model: string }) => (price.model === model ? { ...price, components: [{ kind: 'flat', price: '9' }] } : price));
    expect(await api.post('/v1/catalogs/kyma/rate-cards', { id: 'correction', effectiveFrom: '2020-01-01T00:00:00Z', models })).toMatchObject({ status: 201 });
    expect(await settle('pinned')).toBe('2.1');
    expect(await costOf('early')).toBe('2.1');
    expect(await costOf('late')).toBe('9');
    await api.post('/v1/holds', { id: 'new', accountId: 'rich', model, usage: {} });
    expect(await settle('new')).toBe('9');
  });

  it('is priced by when it happened', async () => {
    const models = catalogFile('kyma').rateCard.models.map((model: { model: string }) => (model.model === 'minimax-music' ? { ...model, components: [{ kind: 'flat', price: '7' }] } : model));
    await api.post('/v1/catalogs/kyma/rate-cards', { id: 'dearer', effectiveFrom: '2026-11-10T00:00:00Z', models });
    const { body } = await send(['2026-11-09T23:59:59.999Z', '2026-11-10T00:00:00Z'].map((time, n) => event(`priced-${n}`, { time, data: { model: 'minimax-music' } })));
    expect(body.results.map(({ cost }: { cost: string }) => cost)).toEqual(['0.045', '7']);
  });
});
