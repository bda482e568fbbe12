import { jest } from '@jest/globals';
import { Client } from 'pg';
import { positionToken } from '#libs/http';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-11-21T08:00:00.000Z');

describe('reading', () => {
  let database: TestDatabase;
  let api: TestApi;
  let now = START;
  const clock = (): string => new Date(now).toISOString();
  beforeAll(async () => {
    database = await freshDatabase();
    api = await startApi(database.url, { clock });
    for (const name of ['kyma', 'ninjachat']) await api.put(`/v1/catalogs/${name}`, catalogFile(name));
  });
  afterAll(async () => {
    expect(api.errors).toEqual([]);
    await api.close();
    await database.drop();
  });
  const open = async (id: string, catalog = 'kyma', amount = '20'): Promise<void> => {
    await api.post('/v1/accounts', { id, catalog });
    await api.post(`/v1/accounts/${id}/purchases`, { id: 'buy-1', amount });
  };
  const balance = async (id: string, query = '') => (await api.get(`/v1/accounts/${id}/balance${query}`)).body;
  const pages = async (path: string) => {
    const items: Record<string, any>[] = []; // eslint-disable-line typescript/no-explicit-any
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await api.get(`${path}${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      items.push(...body.items);
      cursor = body.nextCursor;
    }
    return items;
  };

  describe('a balance', () => {
    it('shows what has just been done, every time', async () => {
      await open('fresh');
      for (let n = 1; n <= 20; n += 1) {
        const { body } = await api.post('/v1/charges', { id: `c-${n}`, accountId: 'fresh', amount: '0.5' });
        expect((await balance('fresh')).available).toBe(body.balance.available);
      }
      expect((await balance('fresh')).available).toBe('10');
    });

    it('shows what has ended even before that is written', async () => {
      await open('ending');
      await api.post('/v1/accounts/ending/grants', { id: 'g', kind: 'promotion', amount: '3', expiresAt: new Date(now + HOUR_MS).toISOString() });
      await api.post('/v1/holds', { id: 'h', accountId: 'ending', amount: '5', ttlSeconds: 60 });
      expect(await balance('ending')).toMatchObject({ remaining: '23', held: '5', available: '18' });
      now += 2 * HOUR_MS;
      const after = await balance('ending');
      expect(after).toMatchObject({ remaining: '20', held: '0', available: '20', grants: [{ id: 'buy-1', free: '20' }] });
      const { items } = (await api.get('/v1/accounts/ending/events')).body;
      expect(items.slice(-2).map(({ type, recordedAt }: any) => [type, recordedAt])).toEqual([ // eslint-disable-line typescript/no-explicit-any
        ['HoldExpired', new Date(now - 2 * HOUR_MS + 60_000).toISOString()], ['PackExpired', new Date(now - HOUR_MS).toISOString()],
      ]);
    });

    it('is what it was at any past instant', async () => {
      await api.post('/v1/accounts', { id: 'past', catalog: 'kyma' });
      const opened = clock();
      now += HOUR_MS;
      await api.post('/v1/accounts/past/purchases', { id: 'b', amount: '10' });
      const bought = clock();
      now += HOUR_MS;
      await api.post('/v1/holds', { id: 'h', accountId: 'past', amount: '4', ttlSeconds: 60 });
      const held = clock();
      now += HOUR_MS;
      const expected: [string, object][] = [[opened, { available: '0' }], [bought, { available: '10', held: '0' }], [held, { available: '6', held: '4' }], [new Date(Date.parse(held) + 60_000).toISOString(), { available: '10', held: '0' }], [clock(), { available: '10' }]];
      for (const [at, shown] of expected) expect(await balance('past', `?at=${at}`)).toMatchObject({ accountId: 'past', ...shown });
      expect(await api.get(`/v1/accounts/past/balance?at=${new Date(now + 1).toISOString()}`)).toMatchObject({ status: 400, body: { errors: [{ path: 'at' }] } });
      expect(await api.get('/v1/accounts/past/balance?at=2020-01-01T00:00:00Z')).toMatchObject({ status: 404 });
    });

    it('carries the warning of its catalog while it holds, and credits where it has them', async () => {
      await open('ninja', 'ninjachat', '6');
      expect(await balance('ninja')).toMatchObject({ warning: null, credits: '600', formatted: '$6.00' });
      const charge = (id: string, amount: string) => api.post('/v1/charges', { id, accountId: 'ninja', amount });
      expect((await charge('a', '1')).body.balance).toMatchObject({ available: '5', warning: null });
      expect((await charge('b', '0.006')).body.balance).toMatchObject({ available: '4.994', credits: '499.4', warning: { code: 'low_balance', operator: 'below', threshold: '5', message: expect.stringContaining('$4.99 available') } });
      expect((await charge('c', '3.994')).body.balance).toMatchObject({ available: '1', warning: { code: 'critical_low_balance', operator: 'at_or_below', threshold: '1' } });
      expect(await balance('ninja')).toMatchObject({ warning: { code: 'critical_low_balance' } });
      expect((await api.post('/v1/accounts/ninja/purchases', { id: 'more', amount: '10' })).body.balance).toMatchObject({ warning: null });
      const crossed = (await api.get('/v1/accounts/ninja/events?type=BalanceThresholdCrossed')).body.items;
      expect(crossed.map(({ data }: any) => data.warning)).toEqual(['low_balance', 'critical_low_balance']); // eslint-disable-line typescript/no-explicit-any
    });
  });

  describe('Meterbook-Min-Position', () => {
    const at = (path: string, position: string) => api.get(path, { headers: { 'meterbook-min-position': position } });

    it('is not forgotten when the read models go back in time: 503 until they have it again', async () => {
      await open('rewound');
      const { body: { position } } = await api.get('/v1/accounts/rewound/balance');
      const client = new Client(database.url);
      await client.connect();
      const move = (by: number) => client.query("UPDATE read.balance SET revision = revision + $1 WHERE account_id = 'rewound'", [by]);
      await move(-1);
      const behind = { status: 503, body: { code: 'projection_behind' } };
      expect(await at('/v1/accounts/rewound/balance', position)).toMatchObject(behind);
      expect(await Promise.all([at('/v1/accounts', position), at('/v1/accounts/rewound/usage', position)])).toMatchObject([behind, behind]);
      await move(1);
      expect(await at('/v1/accounts/rewound/balance', position)).toMatchObject({ status: 200 });
      await client.end();
    });


    it('waits until the read model has got that far, through another engine too', async () => {
      const other = await startApi(database.url, { clock });
      try {
        await open('followed');
        for (let n = 0; n < 10; n += 1) {
          const { body: { position, balance: { available } } } = await api.post('/v1/charges', { id: `c-${n}`, accountId: 'followed', amount: '1' });
          const read = await other.get('/v1/accounts/followed/balance', { headers: { 'meterbook-min-position': position } });
          expect([read.status, read.body.available]).toEqual([200, available]);
        }
      } finally {
        await other.close();
      }
    });

    it('answers 503 with Retry-After for what does not come', async () => {
      await open('waiting');
      const answer = await at('/v1/accounts/waiting/balance', positionToken('waiting', 1_000_000));
      expect(answer).toMatchObject({ status: 503, body: { code: 'projection_behind' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    });

    it.each([['nonsense', '!!!'], ['of another account', positionToken('somebody', 1)]])('refuses one that is %s', async (_, position) => {
      expect(await at('/v1/accounts/fresh/balance', position)).toMatchObject({ status: 400, body: { errors: [{ path: 'meterbook-min-position' }] } });
    });

    it('holds for lists across accounts', async () => {
      const { body: { position } } = await api.post('/v1/accounts', { id: 'zz-last', catalog: 'kyma' });
      const { body } = await at('/v1/accounts?limit=500', position);
      expect(body.items.map(({ id }: { id: string }) => id)).toContain('zz-last');
    });
  });

  describe('lists', () => {
    const COUNT = 25;
    const calls: { id: string; model: string; statusCode: number; group: string }[] = Array.from({ length: COUNT }, (_, n) => (
      { id: `call-${String(n).padStart(2, '0')}`, model: n % 2 === 0 ? 'sonar' : 'qwen-3-coder', statusCode: n % 5 === 0 ? 502 : 200, group: n % 3 === 0 ? 'search' : 'chat' }
    ));
    beforeAll(async () => {
      await open('listed', 'kyma', '1000');
      for (const { id, model, statusCode, group } of calls) {
        now += 60_000;
        await api.post('/v1/charges', { id, accountId: 'listed', model, usage: { input_tokens: 1000, output_tokens: 1000 }, facts: { statusCode, latencyMs: 12.5, group, provider: '=HYPERLINK("evil")' } });
      }
    });

    it.each([1, 7, 25, 500])('come whole in pages of %i, by cursor, newest first', async (limit) => {
      const items = await pages(`/v1/accounts/listed/usage?limit=${limit}`);
      expect(items.map(({ id }) => id)).toEqual(calls.map(({ id }) => id).toReversed());
    });

    it('come by offset too', async () => {
      const { body } = await api.get('/v1/accounts/listed/usage?limit=5&offset=10');
      expect(body.items.map(({ id }: { id: string }) => id)).toEqual(calls.map(({ id }) => id).toReversed().slice(10, 15));
    });

    it.each([
      ['group=search', (call: (typeof calls)[number]) => call.group === 'search'], ['model=sonar', (call: (typeof calls)[number]) => call.model === 'sonar'],
      ['status=502', (call: (typeof calls)[number]) => call.statusCode === 502], ['group=chat&status=200&model=qwen-3-coder', (call: (typeof calls)[number]) => call.group === 'chat' && call.statusCode === 200 && call.model === 'qwen-3-coder'],
      ['keyId=none', () => false],
    ])('filtered by %s', async (filter, passes) => {
      const items = await pages(`/v1/accounts/listed/usage?limit=3&${filter}`);
      expect(items.map(({ id }) => id).toReversed()).toEqual(calls.filter(passes).map(({ id }) => id));
    });

    it('filtered by when the work was done, the end not included', async () => {
      const [first, , third] = (await pages('/v1/accounts/listed/usage?limit=500')).toReversed();
      const items = await pages(`/v1/accounts/listed/usage?limit=10&from=${first?.at}&to=${third?.at}`);
      expect(items.map(({ id }) => id).toReversed()).toEqual(['call-00', 'call-01']);
    });

    it('show how each cost came about', async () => {
      const { items: [item] } = (await api.get('/v1/accounts/listed/usage?limit=1')).body;
      const { body: { cost, breakdown, rateCard } } = await api.post('/v1/estimates', { accountId: 'listed', model: item.model, usage: { input_tokens: 1000, output_tokens: 1000 } });
      expect(item).toMatchObject({ id: 'call-24', via: 'charge', outcome: 'settled', status: 200, latencyMs: 12.5, group: 'search', usage: { input_tokens: '1000' }, cost, breakdown, rateCard });
    });

    it('stream as CSV that no spreadsheet runs', async () => {
      const { status, headers, text } = await api.get('/v1/accounts/listed/usage?format=csv');
      expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([200, 'text/csv; charset=utf-8', 'attachment; filename="usage-listed.csv"']);
      const lines = text.trimEnd().split('\r\n');
      expect(lines).toHaveLength(COUNT + 1);
      expect(lines[0]).toBe('at,recordedAt,id,via,source,outcome,late,model,group,status,latencyMs,keyId,cost,uncharged,catalog,rateCard,usage,parameters,breakdown,facts');
      expect(lines[1]).toMatch(/^2026-11-21T[^,]+Z,2026-11-21T[^,]+Z,call-24,charge,,settled,false,sonar,search,200,12.5,,[0-9.]+,,kyma,1,/);
      expect(text).not.toMatch(/(?:^|,)"?[=+@]/m);
    });

    it.each(['usage', 'transactions'])('of %s have no pages as CSV', async (list) => {
      for (const paging of ['limit=2', 'cursor=AAAA', 'offset=1']) {
        const [path] = paging.split('=');
        expect(await api.get(`/v1/accounts/listed/${list}?format=csv&${paging}`)).toMatchObject({ status: 400, body: { errors: [{ path, message: 'not with format=csv, which answers all of them' }] } });
      }
    });

    it('of transactions add up with the usage log to what remains', async () => {
      await api.post('/v1/accounts/listed/grants', { id: 'bonus', kind: 'promotion', amount: '1.5' });
      await api.post('/v1/accounts/listed/refunds', { id: 'back', charge: 'call-00' });
      const transactions = await pages('/v1/accounts/listed/transactions?limit=2');
      expect(transactions.map(({ type, id }) => [type, id])).toEqual([['refund', 'back'], ['grant', 'bonus'], ['purchase', 'buy-1']]);
      const usage = await pages('/v1/accounts/listed/usage?limit=500');
      const sum = (amounts: string[]): bigint => amounts.reduce((total, amount) => total + scaled(amount), 0n);
      const remains = sum(transactions.map(({ amount }) => amount as string)) - sum(usage.map(({ cost }) => cost as string));
      expect(remains).toBe(scaled((await balance('listed')).remaining as string));
      expect((await api.get('/v1/accounts/listed/transactions?format=csv')).text).toContain('\r\n');
      expect(await pages('/v1/accounts/listed/transactions?limit=5&type=grant')).toHaveLength(1);
    });

    it('of accounts, by catalog', async () => {
      const items = await pages('/v1/accounts?limit=2&catalog=ninjachat');
      expect(items).toMatchObject([{ id: 'ninja', catalog: 'ninjachat', unit: 'USD', billing: { mode: 'prepaid' }, balance: { credits: expect.any(String) } }]);
    });

    it('of open holds', async () => {
      await open('holding');
      for (const id of ['c', 'a', 'b']) await api.post('/v1/holds', { id, accountId: 'holding', amount: '1' });
      await api.post('/v1/accounts/holding/holds/b/release', {});
      expect((await pages('/v1/accounts/holding/holds?limit=1')).map(({ id, held }) => [id, held])).toEqual([['a', '1'], ['c', '1']]);
    });

    it('what a tier follows from', async () => {
      await api.post('/v1/accounts', { id: 'new', catalog: 'kyma' });
      expect((await api.get('/v1/accounts/new/limits')).body).toEqual({ accountId: 'new', purchased: { amount: '0', currency: 'USD' } });
      expect((await api.get('/v1/accounts/listed/limits')).body).toEqual({ accountId: 'listed', purchased: { amount: '1000', currency: 'USD' } });
    });
  });

  describe('the audit trail', () => {
    it('shows an account\'s events, page by page, and that none was changed', async () => {
      const items = await pages('/v1/accounts/listed/events?limit=10');
      expect(items.map(({ revision }) => revision)).toEqual(items.map((_, n) => n));
      expect(items.slice(1).every(({ previousHash }, n) => previousHash === items[n]?.hash)).toBe(true);
      expect(items[1]).toMatchObject({ type: 'CreditsPurchased', actor: 'operator:admin', causationId: expect.stringContaining('buy-1'), data: { amount: '1000' } });
      const { verify, nextCursor } = (await api.get('/v1/accounts/listed/events?limit=1&verify=true')).body;
      expect(verify).toEqual({ ok: true, events: items.length, head: items.at(-1)?.hash });
      expect((await api.get(`/v1/accounts/listed/events?limit=1&verify=true&cursor=${nextCursor}`)).body).not.toHaveProperty('verify');
    });

    it('is filtered by type and time', async () => {
      const all = await pages('/v1/accounts/listed/events?limit=500');
      expect(await pages('/v1/accounts/listed/events?limit=3&type=UsageSettled')).toHaveLength(COUNT_OF(all, 'UsageSettled'));
      const [from, to] = [all[5]?.recordedAt as string, all[9]?.recordedAt as string];
      expect((await pages(`/v1/accounts/listed/events?limit=2&from=${from}&to=${to}`)).map(({ revision }) => revision)).toEqual(all.filter(({ recordedAt }) => recordedAt >= from && recordedAt < to).map(({ revision }) => revision));
    });

    it('shows everything in one order', async () => {
      const all = await pages('/v1/events?limit=37');
      expect(all.filter(({ stream }) => stream === 'account-listed').map(({ revision }) => revision)).toEqual((await pages('/v1/accounts/listed/events?limit=500')).map(({ revision }) => revision));
      expect(new Set(all.map(({ stream, revision }) => `${stream}/${revision}`)).size).toBe(all.length);
      expect(all.map(({ stream }) => stream)).toEqual(expect.arrayContaining(['catalog-kyma', 'catalogs']));
    });

    it('tells which request an event came from', async () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const answer = await api.post('/v1/charges', { id: 'traced', accountId: 'fresh', amount: '0' }, { headers: { 'x-request-id': 'order-66', traceparent } });
      expect(answer.headers.get('x-request-id')).toBe('order-66');
      const { items } = (await api.get('/v1/accounts/fresh/events?limit=500')).body;
      expect(items.at(-1)).toMatchObject({ correlationId: 'order-66', traceparent });
      const made = await api.post('/v1/charges', { id: 'untraced', accountId: 'fresh', amount: '0' }, { headers: { 'x-request-id': 'no good', traceparent: 'x' } });
      expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    });
  });

  it('shows the read models, and rebuilds one beside the live one', async () => {
    const before = await balance('listed');
    const asked = await api.post('/v1/projections/balance/rebuild', {});
    expect(asked).toMatchObject({ status: 202, body: { name: 'balance', rebuild: { status: expect.stringMatching(/running|done/) } } });
    expect(await balance('listed')).toEqual(before);
    for (;;) {
      const { body } = await api.get('/v1/projections');
      expect(body.items.map(({ name }: { name: string }) => name)).toEqual(['balance', 'holds', 'transactions', 'usage-log', 'tier']);
      const { rebuild } = body.items[0];
      if (rebuild.status === 'done') break;
      expect(rebuild.status).toBe('running');
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    expect(await balance('listed')).toEqual(before);
    expect(await api.post('/v1/projections/nothing/rebuild', {})).toMatchObject({ status: 404 });
  });
});

const COUNT_OF = (items: readonly Record<string, unknown>[], type: string): number => items.filter((item) => item.type === type).length;
const scaled = (amount: string): bigint => {
  const [whole = '', fraction = ''] = amount.replace('-', '').split('.');
  const units = BigInt(whole + fraction.padEnd(12, '0'));
  return amount.startsWith('-') ? -units : units;
};
