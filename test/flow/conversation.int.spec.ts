import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

/** "One conversation, exactly": statuses, and bodies with their exact strings. */
describe('the conversation', () => {
  let database: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    database = await freshDatabase();
    api = await startApi(database.url);
  });
  afterAll(async () => {
    await api.close();
    await database.drop();
  });

  const USAGE = { input_tokens: 4000, cached_input_tokens: 8000, output_tokens: 4096 };

  it('imports a catalog, and again: the same content changes nothing', async () => {
    expect(await api.put('/v1/catalogs/kyma', catalogFile('kyma'))).toMatchObject({ status: 201 });
    expect(await api.put('/v1/catalogs/kyma', catalogFile('kyma'))).toMatchObject({ status: 200, body: { name: 'kyma', outcome: 'unchanged' } });
  });

  it('opens an account', async () => {
    const answer = await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma', billing: { mode: 'prepaid' } });
    expect(answer).toMatchObject({ status: 201, body: { id: 'acme', catalog: 'kyma', unit: 'USD' } });
  });

  it('buys credit', async () => {
    const answer = await api.post('/v1/accounts/acme/purchases', { id: 'buy-1', amount: '20' });
    expect(answer).toMatchObject({ status: 201, body: { id: 'buy-1', credited: '20', paid: { amount: '20', currency: 'USD' }, balance: { available: '20' } } });
    expect(answer.body.position).toEqual(expect.any(String));
  });

  it('estimates', async () => {
    const answer = await api.post('/v1/estimates', { catalog: 'kyma', model: 'claude-sonnet-4-6', usage: { ...USAGE, output_tokens: 900 } });
    expect(answer).toMatchObject({ status: 200, body: { cost: '0.037665', unit: 'USD', rateCard: { catalog: 'kyma', version: 1 } } });
    expect(answer.body.breakdown[0]).toEqual({ component: 'input_tokens', quantity: '4000', unitPrice: '0.00000405', amount: '0.0162' });
  });

  it('holds', async () => {
    const { status, body } = await api.post('/v1/holds', { id: 'req-1', accountId: 'acme', model: 'claude-sonnet-4-6', usage: USAGE });
    expect(status).toBe(201);
    expect(body).toMatchObject({ id: 'req-1', accountId: 'acme', status: 'open', held: '0.102384', costEstimate: '0.102384' });
    expect(body.expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(body.balance).toEqual({ remaining: '20', held: '0.102384', available: '19.897616', debt: '0', unit: 'USD', formatted: '$19.90', warning: null });
    expect(body.position).toEqual(expect.any(String));
  });

  it('settles', async () => {
    const { status, body } = await api.post('/v1/accounts/acme/holds/req-1/settle', { usage: { ...USAGE, output_tokens: 900 } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'req-1', accountId: 'acme', status: 'settled', cost: '0.037665', released: '0.064719', balance: { available: '19.962335' } });
    expect(body.position).toEqual(expect.any(String));
  });

  it('refuses a hold for more than is available', async () => {
    const { status, body, headers } = await api.post('/v1/holds', { id: 'req-9', accountId: 'acme', amount: '100' });
    expect(status).toBe(402);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ type: expect.any(String), title: 'Insufficient credits', status: 402, code: 'insufficient_credits', available: '19.962335', required: '100' });
  });
});
