import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type Answer, type TestApi } from './support.js';

jest.setTimeout(30_000);

describe('idempotency over HTTP', () => {
  let database: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    database = await freshDatabase();
    api = await startApi(database.url);
    await api.put('/v1/catalogs/kyma', catalogFile('kyma'));
    await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma' });
    await api.post('/v1/accounts/acme/purchases', { id: 'start', amount: '100' });
  });
  afterAll(async () => {
    expect(api.errors).toEqual([]);
    await api.close();
    await database.drop();
  });

  const restart = async (): Promise<void> => {
    await api.close();
    api = await startApi(database.url);
  };
  const replayed = ({ headers }: Answer): string | null => headers.get('idempotent-replayed');

  it('answers a purchase again as the first time, across a restart too', async () => {
    const buy = () => api.post('/v1/accounts/acme/purchases', { amount: '5' }, { headers: { 'idempotency-key': 'key-1' } });
    const first = await buy();
    await api.post('/v1/accounts/acme/purchases', { id: 'between', amount: '1' });
    const again = await buy();
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect([replayed(first), replayed(again)]).toEqual([null, 'true']);
    await restart();
    const later = await buy();
    expect([later.status, later.body, replayed(later)]).toEqual([201, first.body, 'true']);
  });

  it('with both, the key counts and the id names what is made', async () => {
    const buy = (key: string, id: string) => api.post('/v1/accounts/acme/purchases', { id, amount: '7' }, { headers: { 'idempotency-key': key } });
    expect(await buy('key-2', 'named')).toMatchObject({ status: 201, body: { id: 'named' } });
    expect(replayed(await buy('key-2', 'named'))).toBe('true');
    expect(await buy('key-2', 'other')).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  it('takes a quoted key as the same key, and refuses one it cannot keep', async () => {
    const buy = (key: string) => api.post('/v1/accounts/acme/purchases', { amount: '3' }, { headers: { 'idempotency-key': key } });
    await buy('key-3');
    expect(replayed(await buy('"key-3"'))).toBe('true');
    expect(await buy('no spaces please')).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ path: 'Idempotency-Key' }] } });
  });

  it('counts a key within its operation', async () => {
    const options = { headers: { 'idempotency-key': 'key-4' } };
    expect(await api.post('/v1/accounts/acme/purchases', { amount: '2' }, options)).toMatchObject({ status: 201 });
    const grant = await api.post('/v1/accounts/acme/grants', { kind: 'promotion', amount: '2' }, options);
    expect([grant.status, replayed(grant)]).toEqual([201, null]);
  });

  it('answers holds, settles, charges, refunds and accounts again', async () => {
    const commands: [string, object][] = [
      ['/v1/accounts', { id: 'second', catalog: 'kyma' }],
      ['/v1/holds', { id: 'h-1', accountId: 'acme', amount: '2' }],
      ['/v1/charges', { id: 'c-1', accountId: 'acme', amount: '0.5' }],
      ['/v1/accounts/acme/refunds', { id: 'r-1', charge: 'c-1', amount: '0.25' }],
      ['/v1/accounts/acme/holds/h-1/settle', { amount: '1.5' }],
      ['/v1/accounts/acme/holds/h-1/release', { reason: 'late' }],
    ];
    for (const [path, body] of commands) {
      const first = await api.post(path, body);
      const again = await api.post(path, body);
      expect([path, again.status, replayed(again)]).toEqual([path, first.status, 'true']);
      if (!path.endsWith('release')) expect([path, again.body]).toEqual([path, first.body]);
    }
  });

  it('has one effect when the same command comes 50 times at once', async () => {
    const before = await available();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post('/v1/charges', { id: 'fifty', accountId: 'acme', amount: '1' })));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1);
    expect(await available()).toBe(before - 1);
  });

  const available = async (): Promise<number> => Number((await api.post('/v1/holds?dryRun=true', { id: 'look', accountId: 'acme', amount: '0' })).body.balance.available);
});
