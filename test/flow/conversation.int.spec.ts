import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(30_000);

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

  it('shows the balance', async () => {
    const { status, body } = await api.get('/v1/accounts/acme/balance');
    expect(status).toBe(200);
    const { grants, position, ...balance } = body;
    expect(balance).toEqual({ accountId: 'acme', remaining: '19.962335', held: '0', available: '19.962335', debt: '0', unit: 'USD', formatted: '$19.96', warning: null });
    expect(grants).toMatchObject([{ id: 'buy-1', kind: 'purchase', amount: '20', free: '19.962335', held: '0', priority: 50, expiresAt: null }]);
    expect(position).toEqual(expect.any(String));
  });

  it('refuses a hold for more than is available', async () => {
    const { status, body, headers } = await api.post('/v1/holds', { id: 'req-9', accountId: 'acme', amount: '100' });
    expect(status).toBe(402);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ type: expect.any(String), title: 'Insufficient credits', status: 402, code: 'insufficient_credits', available: '19.962335', required: '100' });
  });

  describe('and the other bodies', () => {
    it('grants', async () => {
      const { status, body } = await api.post('/v1/accounts/acme/grants', { id: 'g-1', kind: 'signup_bonus', amount: '0.5', expiresAt: '2027-01-31T00:00:00Z', priority: 10 });
      expect([status, body]).toMatchObject([201, { id: 'g-1', kind: 'signup_bonus', credited: '0.5', priority: 10, expiresAt: '2027-01-31T00:00:00.000Z', balance: { available: '20.462335' } }]);
    });

    it('refunds a charge', async () => {
      const { status, body } = await api.post('/v1/accounts/acme/refunds', { id: 'rf-1', charge: 'req-1', amount: '0.01', reason: 'bad output' });
      expect([status, body]).toMatchObject([201, { id: 'rf-1', refunded: '0.01', charge: 'req-1', reason: 'bad output', balance: { available: '20.472335' } }]);
    });

    it('refunds all that is left of a purchase', async () => {
      await api.post('/v1/accounts/acme/purchases', { id: 'buy-2', amount: '5' });
      expect(await api.post('/v1/accounts/acme/refunds', { id: 'rf-2', purchase: 'buy-2' })).toMatchObject({ status: 201, body: { refunded: '5', purchase: 'buy-2', returned: { amount: '5', currency: 'USD' } } });
    });

    it('settles a part, increases, releases', async () => {
      await api.post('/v1/holds', { id: 'req-2', accountId: 'acme', model: 'claude-sonnet-4-6', usage: USAGE });
      const part = await api.post('/v1/accounts/acme/holds/req-2/settle', { usage: { ...USAGE, output_tokens: 900 }, final: false });
      expect(part).toMatchObject({ status: 200, body: { status: 'open', cost: '0.037665', held: '0.064719' } });
      const more = await api.post('/v1/accounts/acme/holds/req-2/increase', { amount: '0.5', ttlSeconds: 1800 });
      expect(more).toMatchObject({ status: 200, body: { status: 'open', amount: '0.5', held: '0.462335' } });
      const released = await api.post('/v1/accounts/acme/holds/req-2/release', { reason: 'upstream 502', facts: { statusCode: 502, latencyMs: 1240, group: 'chat' } });
      expect(released).toMatchObject({ status: 200, body: { status: 'released', released: '0.462335', held: '0', cost: '0.037665' } });
      expect(await api.get('/v1/accounts/acme/holds/req-2')).toMatchObject({ status: 200, body: { id: 'req-2', accountId: 'acme', status: 'released', cost: '0.037665' } });
    });

    it('charges', async () => {
      const charge = { id: 'c-1', accountId: 'acme', model: 'sonar', usage: { input_tokens: 1000, output_tokens: 1000 } };
      const answer = await api.post('/v1/charges', charge);
      expect(answer).toMatchObject({ status: 201, body: { id: 'c-1', accountId: 'acme', status: 'settled', model: 'sonar' } });
      expect(answer.body.cost).toBe((await api.post('/v1/estimates', { accountId: 'acme', model: charge.model, usage: charge.usage })).body.cost);
      expect(answer.headers.get('location')).toBe('/v1/accounts/acme/holds/c-1');
    });

    it('takes usage', async () => {
      const event = { specversion: '1.0', id: 'u-1', source: 'gateway-7', type: 'usage', subject: 'acme', time: new Date().toISOString(), data: { model: 'qwen-3-coder', usage: { input_tokens: 374, output_tokens: 44 } } };
      for (const type of ['application/cloudevents+json', 'application/json']) {
        const answer = await api.send('POST', '/v1/usage', JSON.stringify(event), { headers: { 'content-type': type } });
        expect(answer).toMatchObject({ status: 200, body: { results: [{ id: 'u-1', status: 201, accountId: 'acme' }] } });
      }
    });

    it('prices a matrix: 15 credits', async () => {
      await api.put('/v1/catalogs/pixelcredits', catalogFile('pixelcredits'));
      const answer = await api.post('/v1/estimates', { catalog: 'pixelcredits', model: 'sora-2-text-to-video', usage: { requests: 1 }, parameters: { resolution: '1080p', durationSeconds: 8 } });
      expect(answer).toMatchObject({ status: 200, body: { cost: '15', unit: 'credit' } });
    });
  });
});
