import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(120_000);

/**
 * Any command to any engine. Nothing is applied to the read models here, as if they were endlessly behind: what a command is
 * answered comes from the log alone.
 */
describe.each(['postgres', 'eventstoredb'] as const)('three engines on one log in %s, while the read models stand still', (log) => {
  let database: TestDatabase;
  let engines: readonly [TestApi, TestApi, TestApi];
  let any: (n: number) => TestApi;

  beforeAll(async () => {
    database = await freshDatabase();
    const start = (): Promise<TestApi> => startApi(database.url, { log, projects: false });
    engines = [await start(), await start(), await start()];
    any = (n) => engines[n % 3] as TestApi;
    await engines[0].put('/v1/catalogs/kyma', catalogFile('kyma'));
  });
  afterAll(async () => {
    for (const engine of engines) {
      expect(engine.errors).toEqual([]);
      await engine.close();
    }
    await database.drop();
  });

  const open = (id: string) => engines[0].post('/v1/accounts', { id, catalog: 'kyma' });

  it('read, settle and release at once through one what was held through another', async () => {
    await open('handed-on');
    await any(1).post('/v1/accounts/handed-on/purchases', { id: 'buy', amount: '100' });
    for (let n = 0; n < 12; n += 1) {
      const hold = `/v1/accounts/handed-on/holds/h-${n}`;
      expect(await any(n).post('/v1/holds', { id: `h-${n}`, accountId: 'handed-on', amount: '2' })).toMatchObject({ status: 201 });
      expect(await any(n + 1).get(hold)).toMatchObject({ status: 200, body: { status: 'open', held: '2' } });
      const closed = n % 2 ? await any(n + 1).post(`${hold}/settle`, { amount: '1' }) : await any(n + 1).post(`${hold}/release`, {});
      expect(closed).toMatchObject({ status: 200, body: { status: n % 2 ? 'settled' : 'released' } });
      expect(await any(n + 2).get(hold)).toMatchObject({ status: 200, body: { status: n % 2 ? 'settled' : 'released' } });
    }
  });

  it('never refuse from an old memory what was paid for through another', async () => {
    await open('topped-up');
    // Each has the account in memory, with nothing in it.
    for (const engine of engines) expect(await engine.post('/v1/holds', { id: 'none', accountId: 'topped-up', amount: '1' })).toMatchObject({ status: 402 });
    for (let n = 0; n < 15; n += 1) {
      expect(await any(n).post('/v1/accounts/topped-up/purchases', { id: `buy-${n}`, amount: '1' })).toMatchObject({ status: 201 });
      expect(await any(n + 1).post('/v1/holds', { id: `h-${n}`, accountId: 'topped-up', amount: '1' })).toMatchObject({ status: 201, body: { balance: { available: '0' } } });
      expect(await any(n + 2).post('/v1/holds', { id: `more-${n}`, accountId: 'topped-up', amount: '0.01' })).toMatchObject({ status: 402 });
    }
  });

  it.each([
    ['a purchase', '/v1/accounts/repeated/purchases', { id: 'same', amount: '5' }],
    ['a hold', '/v1/holds', { id: 'same-hold', accountId: 'repeated', amount: '1' }],
  ])('give %s sent 50 times at once one effect and one answer', async (_, path, body) => {
    await open('repeated');
    const answers = await Promise.all(Array.from({ length: 50 }, (_unused, n) => any(n).post(path, body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(new Set(answers.map(({ body: answer }) => JSON.stringify(answer.balance))).size).toBe(1);
  });

  it('refuse through each what was used up through the others, to the cent', async () => {
    await open('shared');
    await any(0).post('/v1/accounts/shared/purchases', { id: 'buy', amount: '10' });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => any(n).post('/v1/holds', { id: `h-${n}`, accountId: 'shared', amount: '0.5' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(40);
  });
});
