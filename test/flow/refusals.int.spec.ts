import { request as httpRequest } from 'node:http';
import { jest } from '@jest/globals';
import { OPERATIONS } from '../../apps/api/src/operations.js';
import type { Operation } from '#libs/http';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { catalogFile, startApi, TOKENS, type Answer, type TestApi } from './support.js';

jest.setTimeout(30_000);

const refusal = (status: number, code: string, rest: object = {}) => ({ status, body: { status, code, ...rest } });

/** Every code of `api.md` that a caller can be answered with, as it is reached in earnest. */
describe('refusals', () => {
  let database: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    database = await freshDatabase();
    api = await startApi(database.url);
    await api.put('/v1/catalogs/kyma', catalogFile('kyma'));
    await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma' });
    await api.post('/v1/accounts/acme/purchases', { id: 'buy-1', amount: '20' });
  });
  afterAll(async () => {
    expect(api.errors).toEqual([]);
    await api.close();
    await database.drop();
  });

  const hold = (body: object) => api.post('/v1/holds', { accountId: 'acme', ...body });

  it('are problem documents', async () => {
    const { headers, body } = await api.get('/v1/nothing/here');
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(body).toEqual({ type: '/problems/not_found', title: 'Not found', status: 404, detail: 'there is no such path', code: 'not_found' });
  });

  it('lead to a page that explains them', async () => {
    const { body } = await hold({ id: 'too-much', amount: '999' });
    expect(await api.get(body.type)).toMatchObject({ status: 200, body: { code: 'insufficient_credits', status: 402 } });
  });

  describe('400 invalid_request', () => {
    it('lists the paths, each with what is allowed', async () => {
      const { body } = await hold({ id: 'a b', amount: 3, ttlSeconds: 0, colour: 'red' });
      expect(body).toMatchObject({ status: 400, code: 'invalid_request' });
      expect(body.errors).toEqual(expect.arrayContaining([
        { path: 'id', message: '1 to 128 characters of A-Z a-z 0-9 . _ : -, and not . or ..' },
        { path: 'amount', message: 'an amount is a string: "3"' },
        { path: 'ttlSeconds', message: expect.stringContaining('1') },
        { path: 'colour', message: expect.stringMatching(/^not known here; known are id, accountId, model,/) },
      ]));
    });

    it('says what is missing', async () => {
      expect((await api.post('/v1/holds', {})).body.errors).toEqual([{ path: 'id', message: 'required' }, { path: 'accountId', message: 'required' }]);
    });

    it.each([
      ['more digits than the scale', { amount: '0.0000000000001' }], ['a sign', { amount: '-1' }], ['exponent form', { amount: '1e3' }], ['no amount and no usage', {}],
      ['both', { amount: '1', model: 'sonar', usage: {} }], ['usage without a model', { usage: { input_tokens: 1 } }], ['a fraction as a JSON number', { model: 'sonar', usage: { input_tokens: 1.5 } }],
      ['a negative quantity', { model: 'sonar', usage: { input_tokens: -1 } }], ['a time to live past 7 days', { amount: '1', ttlSeconds: 604_801 }],
    ])('%s', async (_, body) => {
      expect(await hold({ id: 'bad', ...body })).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: expect.any(String), message: expect.any(String) }] }));
    });

    it('of a quantity whose digits a JSON number cannot hold, though a string can', async () => {
      const usage = (inputTokens: string) => api.send('POST', '/v1/estimates', `{"catalog":"kyma","model":"sonar","usage":{"input_tokens":${inputTokens}}}`);
      expect(await usage('9007199254740993')).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'usage.input_tokens', message: 'too large for a JSON number; send it as a string' }] }));
      expect(await usage('"9007199254740993"')).toMatchObject({ status: 200, body: { breakdown: expect.arrayContaining([expect.objectContaining({ quantity: '9007199254740993' })]) } });
      expect(await usage('9007199254740991')).toMatchObject({ status: 200 });
    });

    it('of a body that is not JSON', async () => {
      expect(await api.send('POST', '/v1/holds', '{"id":')).toMatchObject(refusal(400, 'invalid_request', { detail: 'the body is not JSON' }));
      expect(await api.send('POST', '/v1/holds', '')).toMatchObject(refusal(400, 'invalid_request'));
    });

    it('of an empty body where something in it is needed, not where nothing is', async () => {
      await hold({ id: 'given-back', amount: '1' });
      expect(await api.send('POST', '/v1/accounts/acme/holds/given-back/settle', '')).toMatchObject(refusal(400, 'invalid_request', { detail: 'a JSON body is needed; it is empty' }));
      expect(await api.send('POST', '/v1/accounts/acme/holds/given-back/release', '')).toMatchObject({ status: 200, body: { status: 'released' } });
      expect(await api.send('POST', '/v1/projections/tier/rebuild', '')).toMatchObject({ status: 202 });
    });

    it('of unknown and malformed query members', async () => {
      expect(await api.get('/v1/events?limit=0')).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'limit' }] }));
      expect(await api.get('/v1/events?order=desc')).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'order' }] }));
      expect(await api.get('/v1/events?limit=5&limit=6')).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'limit' }] }));
      expect(await api.get('/v1/events?cursor=!!!')).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'cursor' }] }));
      expect(await api.get(`/v1/events?cursor=${Buffer.from("'; drop").toString('base64url')}`)).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'cursor' }] }));
    });
  });

  it.each([
    ['/v1/accounts/acme/events', /AccountOpened.*HoldPlaced/], ['/v1/events', /AccountOpened.*CatalogImported/],
  ])('400 invalid_request: an event %s never has, naming those it has', async (path, names) => {
    expect(await api.get(`${path}?type=Nope`)).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'type', message: expect.stringMatching(names) }] }));
  });

  it.each(['/v1/events', ...['events', 'usage', 'transactions'].map((list) => `/v1/accounts/acme/${list}`)])('400 invalid_request: a period of %s that ends before it begins', async (path) => {
    expect(await api.get(`${path}?from=2026-11-21T00:00:01Z&to=2026-11-21T00:00:00Z`)).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'to', message: 'not before from' }] }));
    expect(await api.get(`${path}?from=2026-11-21T00:00:00Z&to=2026-11-21T00:00:00Z`)).toMatchObject({ status: 200 });
  });

  it('400 invalid_request: an unknown query member, on whatever operation, and nothing is done', async () => {
    const pathOf = ({ path }: Operation): string => path.replace('{accountId}', 'acme').replace('{holdId}', 'h-1').replace('{catalog}', 'kyma').replace('{version}', '1').replace('{code}', 'overdrawn').replace('{name}', 'balance');
    const before = (await api.get('/v1/accounts/acme/events')).body.items.length as number;
    for (const operation of OPERATIONS) {
      const { id, method, query, body, bodyExamples } = operation;
      const answer = await api.send(method, `${pathOf(operation)}?colour=red`, body && JSON.stringify(bodyExamples?.[0]?.value ?? {}));
      expect([id, answer]).toMatchObject([id, refusal(400, 'invalid_request', { errors: [{ path: 'colour', message: expect.stringContaining('not known here') }] })]);
      if (!query) expect([id, answer.body.detail]).toEqual([id, 'colour: not known here; none is known']);
    }
    expect(await api.post('/v1/charges?dryRun=true', { id: 'not-charged', accountId: 'acme', amount: '1' })).toMatchObject(refusal(400, 'invalid_request', { errors: [{ path: 'dryRun' }] }));
    expect((await api.get('/v1/accounts/acme/events')).body.items).toHaveLength(before);
  });

  it('400 idempotency_key_required', async () => {
    for (const [path, body] of [['purchases', { amount: '1' }], ['grants', { kind: 'promotion', amount: '1' }], ['refunds', { charge: 'x' }]] as const) {
      expect(await api.post(`/v1/accounts/acme/${path}`, body)).toMatchObject(refusal(400, 'idempotency_key_required'));
    }
  });

  describe('401 invalid_key', () => {
    it.each([
      ['no token', null], ['a wrong one', 'wrong-token-wrong-token'], ['an account key', 'mbk_0123456789abcdef'], ['one that is nearly right', TOKENS.admin.slice(0, -1)],
    ])('%s', async (_, token) => {
      const answer = await api.get('/v1/catalogs', { token });
      expect(answer).toMatchObject(refusal(401, 'invalid_key'));
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="meterbook"');
    });

    it('of another scheme', async () => {
      expect(await api.get('/v1/catalogs', { token: null, headers: { authorization: `Basic ${TOKENS.admin}` } })).toMatchObject(refusal(401, 'invalid_key'));
    });
  });

  it('402 insufficient_credits, with what is available', async () => {
    expect(await hold({ id: 'rich', amount: '20.000000000001' })).toMatchObject(refusal(402, 'insufficient_credits', { available: '20', required: '20.000000000001' }));
  });

  it('402 overdrawn, with what is owed', async () => {
    await api.post('/v1/accounts', { id: 'poor', catalog: 'kyma' });
    await api.post('/v1/usage', { specversion: '1.0', id: 'u-1', source: 'spec', type: 'usage', subject: 'poor', time: new Date().toISOString(), data: { amount: '3' } });
    expect(await hold({ id: 'h', accountId: 'poor', amount: '0' })).toMatchObject(refusal(402, 'overdrawn', { debt: '3', available: '-3', required: '0' }));
  });

  describe('403 forbidden', () => {
    const mayNot: [keyof typeof TOKENS, string, string][] = [
      ['read-only', 'POST', '/v1/holds'], ['read-only', 'POST', '/v1/accounts/acme/purchases'], ['finance', 'POST', '/v1/holds'], ['finance', 'POST', '/v1/usage'],
      ['gateway', 'POST', '/v1/accounts/acme/purchases'], ['gateway', 'POST', '/v1/accounts'], ['finance', 'PUT', '/v1/catalogs/kyma'], ['gateway', 'POST', '/v1/catalogs/kyma/rate-cards'],
    ];
    it.each(mayNot)('%s may not %s %s', async (role, method, path) => {
      expect(await api.send(method, path, '{}', { token: TOKENS[role] })).toMatchObject(refusal(403, 'forbidden', { roles: expect.arrayContaining(['admin']) }));
    });

    it('of me, which an operator token has not', async () => {
      expect(await api.get('/v1/accounts/me')).toMatchObject(refusal(403, 'forbidden'));
      expect(await api.post('/v1/accounts', { id: 'me', catalog: 'kyma' })).toMatchObject(refusal(400, 'invalid_request'));
    });

    it('and a reader may read and estimate', async () => {
      expect(await api.get('/v1/catalogs', { token: TOKENS['read-only'] })).toMatchObject({ status: 200 });
      expect(await api.post('/v1/estimates', { catalog: 'kyma', model: 'sonar', usage: { input_tokens: 1 } }, { token: TOKENS['read-only'] })).toMatchObject({ status: 200 });
    });
  });

  it.each([
    ['an unknown path', '/v1/nothing'], ['an account', '/v1/accounts/nobody'], ['its events', '/v1/accounts/nobody/events'], ['a hold', '/v1/accounts/acme/holds/none'],
    ['holds of nobody', '/v1/accounts/nobody/holds'], ['a catalog', '/v1/catalogs/none'], ['a rate card', '/v1/catalogs/kyma/rate-cards/7'],
    ['an error', '/problems/zip'], ['an error named like what every object has', '/problems/constructor'],
  ])('404 not_found: %s', async (_, path) => {
    expect(await api.get(path)).toMatchObject(refusal(404, 'not_found'));
  });

  it('404 not_found: commands', async () => {
    expect(await hold({ id: 'h', accountId: 'nobody', amount: '1' })).toMatchObject(refusal(404, 'not_found'));
    expect(await api.post('/v1/accounts', { id: 'new', catalog: 'none' })).toMatchObject(refusal(404, 'not_found'));
    expect(await api.post('/v1/accounts/acme/holds/none/settle', { amount: '1' })).toMatchObject(refusal(404, 'not_found'));
    expect(await api.post('/v1/accounts/acme/refunds', { id: 'rf', charge: 'none' })).toMatchObject(refusal(404, 'not_found'));
  });

  it('405 with the methods there are', async () => {
    const answer = await api.send('DELETE', '/v1/accounts/acme', undefined);
    expect(answer).toMatchObject(refusal(405, 'method_not_allowed'));
    expect(answer.headers.get('allow')).toBe('GET');
    expect((await api.get('/v1/holds')).headers.get('allow')).toBe('POST');
  });

  it('409 idempotency_conflict', async () => {
    await hold({ id: 'same', amount: '1' });
    expect(await hold({ id: 'same', amount: '2' })).toMatchObject(refusal(409, 'idempotency_conflict'));
    expect(await api.post('/v1/accounts/acme/purchases', { id: 'buy-1', amount: '21' })).toMatchObject(refusal(409, 'idempotency_conflict'));
    expect(await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma', timeZone: 'Asia/Tokyo' })).toMatchObject(refusal(409, 'idempotency_conflict'));
  });

  it('409 hold_closed, showing the hold', async () => {
    await hold({ id: 'closed', amount: '1' });
    await api.post('/v1/accounts/acme/holds/closed/settle', { amount: '0.4' });
    const shown = { hold: { id: 'closed', status: 'settled', cost: '0.4', held: '0' } };
    expect(await api.post('/v1/accounts/acme/holds/closed/settle', { amount: '0.5' })).toMatchObject(refusal(409, 'hold_closed', shown));
    expect(await api.post('/v1/accounts/acme/holds/closed/increase', { amount: '2' })).toMatchObject(refusal(409, 'hold_closed', shown));
    expect(await hold({ id: 'closed', amount: '1' })).toMatchObject(refusal(409, 'hold_closed', shown));
    expect(await api.post('/v1/accounts/acme/holds/closed/release', {})).toMatchObject({ status: 200, body: { status: 'settled', outcome: 'already_settled', released: '0' } });
  });

  it('409 state_conflict', async () => {
    await hold({ id: 'partly', amount: '1' });
    await api.post('/v1/accounts/acme/holds/partly/settle', { amount: '0.4', final: false });
    expect(await api.post('/v1/accounts/acme/holds/partly/settle', { amount: '0.3' })).toMatchObject(refusal(409, 'state_conflict', { charged: '0.4', total: '0.3' }));
    expect(await api.post('/v1/accounts/acme/refunds', { id: 'rf-9', charge: 'partly', amount: '5' })).toMatchObject(refusal(409, 'state_conflict', { refundable: '0.4' }));
    const { packs: _, ...file } = catalogFile('kyma');
    expect(await api.put('/v1/catalogs/kyma', { ...file, rateCard: { models: file.rateCard.models.slice(1) } })).toMatchObject(refusal(409, 'state_conflict'));
  });

  it('413 payload_too_large', async () => {
    const answer = await api.send('POST', '/v1/usage', JSON.stringify([{ id: 'x'.repeat(1_100_000) }])).catch((error: Error) => error);
    // A server may close on a body it will not read, before the client has sent all of it.
    if (!(answer instanceof Error)) expect(answer).toMatchObject(refusal(413, 'payload_too_large'));
  });

  it.each([['text/plain'], ['application/xml'], ['application/x-www-form-urlencoded'], ['multipart/form-data; boundary=x'], ['application/cloudevents+json'], ['nonsense']])('415 unsupported_media_type: %s', async (type) => {
    expect(await api.send('POST', '/v1/holds', '{}', { headers: { 'content-type': type } })).toMatchObject(refusal(415, 'unsupported_media_type'));
  });

  it('422 unknown_model, naming those most like it', async () => {
    const { body } = await hold({ id: 'm', model: 'claude-sonet-4-6', usage: { input_tokens: 1 } });
    expect(body).toMatchObject({ status: 422, code: 'unknown_model', models: expect.arrayContaining(['claude-sonnet-4-6']) });
  });

  it('422 unpriced_parameters, naming those it has', async () => {
    expect(await hold({ id: 'm', model: 'sonar', usage: { seconds: 4 } })).toMatchObject(refusal(422, 'unpriced_parameters', { unknown: ['seconds'], meters: expect.arrayContaining(['input_tokens']) }));
    expect(await api.post('/v1/estimates', { catalog: 'kyma', model: 'sonar', usage: { input_tokens: 1 }, parameters: { mood: 'blue' } })).toMatchObject(refusal(422, 'unpriced_parameters', { unknown: ['mood'] }));
  });

  it('are answered on the socket where it is not even HTTP', async () => {
    const { port } = new URL(api.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const request = httpRequest({ port, host: '127.0.0.1', headers: { 'x-long': 'x'.repeat(40_000) } });
      request.on('response', (response) => response.setEncoding('utf8').on('data', resolve)).on('error', reject).end();
    });
    expect(JSON.parse(answer) as Answer['body']).toMatchObject({ status: 431, code: 'headers_too_large' });
  });

  it('leave no trace: a retry after buying credit works', async () => {
    const body = { id: 'retried', amount: '100' };
    expect(await hold(body)).toMatchObject({ status: 402 });
    await api.post('/v1/accounts/acme/purchases', { id: 'buy-more', amount: '200' });
    expect(await hold(body)).toMatchObject({ status: 201 });
  });
});
