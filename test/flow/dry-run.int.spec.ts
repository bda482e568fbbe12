import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(30_000);

/** A dry run answers what the hold would be answered, and leaves no trace. */
describe('dry runs', () => {
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
    expect((await api.get('/v1/accounts/acme/events')).body.items).toHaveLength(2);
    await api.close();
    await database.drop();
  });

  const dryRun = (body: object) => api.post('/v1/holds?dryRun=true', { id: 'dry', accountId: 'acme', ...body });

  it('price usage, with how that came about', async () => {
    const usage = { input_tokens: 4000, cached_input_tokens: 8000, output_tokens: 900 };
    const { status, body } = await dryRun({ model: 'claude-sonnet-4-6', usage });
    const estimate = await api.post('/v1/estimates', { catalog: 'kyma', model: 'claude-sonnet-4-6', usage });
    expect(status).toBe(200);
    expect(body).toMatchObject({ dryRun: true, accountId: 'acme', costEstimate: '0.037665', unit: 'USD', breakdown: estimate.body.breakdown, rateCard: { catalog: 'kyma', version: 1 }, balance: { available: '1', held: '0' } });
  });

  it('take a plain amount', async () => {
    expect(await dryRun({ amount: '1' })).toMatchObject({ status: 200, body: { costEstimate: '1' } });
  });

  it('are refused as the hold would be', async () => {
    expect(await dryRun({ amount: '1.01' })).toMatchObject({ status: 402, body: { code: 'insufficient_credits', available: '1', required: '1.01' } });
    expect(await dryRun({ model: 'none', usage: {} })).toMatchObject({ status: 422, body: { code: 'unknown_model' } });
    expect(await dryRun({ accountId: 'nobody', amount: '1' })).toMatchObject({ status: 404 });
    expect(await dryRun({ amount: 'x' })).toMatchObject({ status: 400 });
  });
});
