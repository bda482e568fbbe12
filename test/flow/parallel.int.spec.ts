import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(60_000);

/** The money question: whatever comes at once, through whichever process, nobody spends what is not there. */
describe('many at once', () => {
  let database: TestDatabase;
  let engines: [TestApi, TestApi];
  beforeAll(async () => {
    database = await freshDatabase();
    engines = [await startApi(database.url), await startApi(database.url)];
    await engines[0].put('/v1/catalogs/kyma', catalogFile('kyma'));
  });
  afterAll(async () => {
    for (const engine of engines) {
      expect(engine.errors).toEqual([]);
      await engine.close();
    }
    await database.drop();
  });

  const open = async (id: string, amount: string): Promise<void> => {
    await engines[0].post('/v1/accounts', { id, catalog: 'kyma' });
    await engines[0].post(`/v1/accounts/${id}/purchases`, { id: 'buy', amount });
  };
  const countByStatus = (statuses: readonly number[]) => Object.fromEntries([...new Set(statuses)].map((status) => [status, statuses.filter((other) => other === status).length]));

  it.each([['one engine', [0]], ['two engines', [0, 1]]])('admits 20 of 200 holds against money for 20: %s', async (name, through) => {
    const accountId = name.replace(' ', '-');
    await open(accountId, '20');
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => {
      const engine = engines[through[n % through.length] as 0 | 1];
      return engine.post('/v1/holds', { id: `h-${n}`, accountId, amount: '1' });
    }));
    expect(countByStatus(answers.map(({ status }) => status))).toEqual({ 201: 20, 402: 180 });
    const { body } = await engines[1].get(`/v1/accounts/${accountId}/holds?limit=500`);
    expect(body.items).toHaveLength(20);
  });

  it('has one effect of the same hold sent to two engines 50 times at once', async () => {
    await open('once', '20');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => engines[n % 2 as 0 | 1].post('/v1/holds', { id: 'h', accountId: 'once', amount: '1' })));
    expect(countByStatus(answers.map(({ status }) => status))).toEqual({ 201: 50 });
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(answers.every(({ body }) => body.balance.available === '19')).toBe(true);
  });

  it('tells one engine what the other has done: a repeat, a refusal, a catalog', async () => {
    await open('shared', '5');
    await engines[0].post('/v1/holds', { id: 'h', accountId: 'shared', amount: '5' });
    expect(await engines[1].post('/v1/holds', { id: 'h2', accountId: 'shared', amount: '1' })).toMatchObject({ status: 402, body: { available: '0' } });
    await engines[1].post('/v1/accounts/shared/holds/h/settle', { amount: '2' });
    expect(await engines[0].post('/v1/accounts/shared/holds/h/settle', { amount: '2' })).toMatchObject({ status: 200, body: { cost: '2', released: '3' } });
    expect(await engines[0].post('/v1/accounts/shared/holds/h/settle', { amount: '3' })).toMatchObject({ status: 409 });
    const models = catalogFile('kyma').rateCard.models;
    await engines[0].post('/v1/catalogs/kyma/rate-cards', { id: 'v2', effectiveFrom: '2020-01-01T00:00:00Z', models });
    expect(await engines[1].post('/v1/estimates', { accountId: 'shared', model: 'sonar', usage: { input_tokens: 1 } })).toMatchObject({ status: 200, body: { rateCard: { version: 2 } } });
  });

  it('warns by what another engine has changed within moments, where nothing but reads comes', async () => {
    await open('warned', '5');
    const warningOf = async (engine: TestApi): Promise<unknown> => (await engine.get('/v1/accounts/warned/balance')).body.warning?.code;
    expect(await warningOf(engines[1])).toBeUndefined();
    await engines[0].put('/v1/catalogs/kyma', { ...catalogFile('kyma'), thresholds: [{ warning: 'nearly_out', operator: 'below', amount: '9' }] });
    expect(await warningOf(engines[0])).toBe('nearly_out');
    await new Promise((resolve) => { setTimeout(resolve, 1_500); });
    expect(await warningOf(engines[1])).toBe('nearly_out');
  });
});
