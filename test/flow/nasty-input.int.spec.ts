import { jest } from '@jest/globals';
import { assert, asyncProperty, constantFrom, dictionary, jsonValue, string } from 'fast-check';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { OPERATIONS } from '../../apps/api/src/operations.js';
import type { Operation } from '#libs/http';
import { catalogFile, startApi, type TestApi } from './support.js';

jest.setTimeout(60_000);

/**
 * Whatever a caller sends is answered: carried out, or refused with a problem document below 500. The log of unexpected
 * errors stays empty, and the engine works afterwards.
 */
describe('nasty input', () => {
  let database: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    database = await freshDatabase();
    api = await startApi(database.url);
    await api.put('/v1/catalogs/kyma', catalogFile('kyma'));
    await api.post('/v1/accounts', { id: 'acme', catalog: 'kyma' });
    await api.post('/v1/accounts/acme/purchases', { id: 'buy-1', amount: '20' });
    await api.post('/v1/holds', { id: 'h-1', accountId: 'acme', amount: '1' });
  });
  afterAll(async () => {
    expect(await api.get('/v1/accounts/acme/holds/h-1')).toMatchObject({ status: 200 });
    await api.close();
    await database.drop();
  });
  afterEach(() => expect(api.errors).toEqual([]));

  const expectAnswered = ({ status, headers, text }: { status: number; headers: Headers; text: string }, what: string): void => {
    if (status >= 500 || (status >= 400 && !headers.get('content-type')?.startsWith('application/problem+json'))) throw new Error(`${what}: ${status} ${text}`);
  };

  const NASTY: unknown[] = [
    null, true, 0, -0, -1, 1.5, 1e308, -1e308, 5e-324, 2 ** 53, '', ' ', '0', '-0', '+1', '1e3', '1E400', '.5', '5.', '00', '0x10', 'NaN', 'Infinity',
    '9'.repeat(19), '0.'.padEnd(40, '1'), '9'.repeat(100_000), 'a\u0000b', '\u0000', '\ud800', '\udfff x', '\u202e', '💸', 'é'.repeat(200), '../..', '.', '..', '%00', "'; DROP TABLE log.events; --",
    '__proto__', 'constructor', 'toString', '=1+1', '<script>', '\r\nX-Evil: 1', [], [[]], {}, { a: 1 }, [1, 2, 3], { toString: 1 }, { $ref: '#' }, { length: -1 },
    '0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59-23:59', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-21', '+275760-09-13T00:00:00Z', '-000001-01-01T00:00:00Z', '2026-11-21T07:35:60Z',
  ];

  const example = ({ bodyExamples = [] }: Operation): Record<string, unknown> => {
    const value = structuredClone(bodyExamples[0]?.value);
    return (Array.isArray(value) ? value[0] : value) as Record<string, unknown>;
  };
  const pathOf = ({ path }: Operation): string => path.replace('{accountId}', 'acme').replace('{holdId}', 'h-1').replace('{catalog}', 'kyma').replace('{version}', '1').replace('{code}', 'overdrawn').replace('{name}', 'balance');
  const withBody = OPERATIONS.filter(({ body }) => body);

  /** Every place in a value, as the path of keys to it. */
  const places = (value: unknown): (string | number)[][] => (typeof value !== 'object' || value === null ? []
    : Object.entries(value).flatMap(([key, member]) => [[key], ...places(member).map((rest) => [key, ...rest])]));

  const replaced = (value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown => {
    if (key === undefined) return by;
    const copy = structuredClone(value) as Record<string | number, unknown>;
    copy[key] = replaced(copy[key], rest, by);
    return copy;
  };

  it.each(withBody.map((operation) => [operation.id, operation] as const))('%s takes nasty values in every place', async (_, operation) => {
    const good = example(operation);
    // Catalogs are large and of one kind: one model is as good as hundreds.
    const bodies = [...NASTY, ...places(good).slice(0, 40).flatMap((place) => NASTY.map((value) => replaced(good, place, value)))];
    // Who publishes prices from many places at once is asked to wait: rightly, but not what is looked at here.
    const atOnce = operation.tag === 'Catalogs' ? 1 : 50;
    for (let at = 0; at < bodies.length; at += atOnce) {
      await Promise.all(bodies.slice(at, at + atOnce).map(async (body) => expectAnswered(await api.send(operation.method, pathOf(operation), JSON.stringify(body)), `${operation.id} ${JSON.stringify(body)?.slice(0, 300)}`)));
    }
  });

  it('takes JSON that is hostile as text', async () => {
    const texts = [
      '{"__proto__":{"id":"x"}}', '{"constructor":{"prototype":{"id":"x"}}}', '{"id":"a","id":"b","accountId":"acme","amount":"0"}', '[', '{', '"', '[1,]', '{"a":1}{"b":2}', 'NaN', 'undefined', "{'a':1}", '\ufeff{}',
      '{"id":"n","accountId":"acme","amount":1e999}', '{"id":"n","accountId":"acme","model":"sonar","usage":{"input_tokens":-0}}', '{"id":"n2","accountId":"acme","model":"sonar","usage":{"input_tokens":1e2}}',
      `${'['.repeat(200_000)}${']'.repeat(200_000)}`, `{"id":"d","accountId":"acme","usage":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`, `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')}}`, `{"id":"\\ud800","accountId":"acme","amount":"1"}`, '{"id":"\\u0000","accountId":"acme","amount":"1"}',
    ];
    for (const operation of withBody) for (const text of texts) expectAnswered(await api.send(operation.method, pathOf(operation), text), `${operation.id} ${text.slice(0, 100)}`);
    expectAnswered(await api.send('POST', '/v1/holds', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), 'bytes that are not UTF-8');
  });

  it('answers a list of errors that is bounded', async () => {
    const { body, text } = await api.send('POST', '/v1/holds', `{${Array.from({ length: 20_000 }, (_, n) => `"${'k'.repeat(20)}${n}":1`).join(',')}}`);
    expect(body.errors.length).toBeLessThanOrEqual(20);
    expect(text.length).toBeLessThan(10_000);
  });

  /** Whoever knows how a cursor is made can make one. */
  const cursors = (text: string): string[] => (text.length > 300 ? [] : ['/v1/events', '/v1/accounts', ...['usage', 'transactions', 'holds', 'events'].map((list) => `/v1/accounts/acme/${list}`)])
    .flatMap((path) => [`${path}?cursor=${encodeURIComponent(text)}`, `${path}?cursor=${Buffer.from(text).toString('base64url')}`]);

  it('takes nasty values in paths and queries', async () => {
    const texts = NASTY.filter((value): value is string => typeof value === 'string' && value.length < 1_000 && !/[\ud800-\udfff]/.test(value));
    const paths = texts.flatMap((text) => {
      const safe = encodeURIComponent(text);
      return [
        `/v1/accounts/${safe}`, `/v1/accounts/${safe}/balance`, `/v1/accounts/acme/holds/${safe}`, `/v1/catalogs/${safe}`, `/v1/catalogs/kyma/rate-cards/${safe}`, `/problems/${safe}`, `/${safe}`,
        ...['limit', 'cursor', 'from', 'to', 'at', 'type', 'model', 'group', 'status', 'format', 'offset', 'verify', 'keyId', safe].flatMap((name) => ['balance', 'events', 'usage', 'transactions', 'holds'].map((list) => `/v1/accounts/acme/${list}?${name}=${safe}`)),
        ...cursors(text),
      ];
    }).concat(NASTY.flatMap((value) => [JSON.stringify([value]), JSON.stringify(['2026-11-21T07:35:00.000Z', value]), JSON.stringify([value, 1])]).flatMap(cursors), cursors(JSON.stringify(['2026-02-31T07:35:00.000Z', 1])));
    for (let at = 0; at < paths.length; at += 100) await Promise.all(paths.slice(at, at + 100).map(async (path) => expectAnswered(await api.get(path), path)));
    for (const path of ['/%', '/v1/accounts/%E0%A4%A', '/v1/accounts/%ff', `/v1/accounts/${'a'.repeat(600)}`, `/v1/accounts/${'a'.repeat(5_000)}`, '//', '/v1//accounts', '/v1/accounts/', '/v1/accounts/acme/', '/?', '/v1/events?', '/v1/events?&&=', '/v1/events?__proto__=1']) expectAnswered(await api.get(path), path);
  });

  it('takes nasty headers', async () => {
    const values = ['', ' ', 'x'.repeat(5_000), '\t', '{}', "'", '"', '"".""', 'é', '\u00ff'];
    for (const name of ['idempotency-key', 'meterbook-min-position', 'x-request-id', 'traceparent', 'authorization', 'content-type', 'accept', 'content-encoding']) {
      for (const value of values) expectAnswered(await api.post('/v1/accounts/acme/purchases', { amount: '1' }, { headers: { [name]: value } }), `${name}: ${value.slice(0, 40)}`);
    }
  });

  it('takes whatever JSON fast-check makes up', async () => {
    await assert(asyncProperty(constantFrom(...withBody), jsonValue(), dictionary(string(), jsonValue()), async (operation, value, extra) => {
      expectAnswered(await api.send(operation.method, pathOf(operation), JSON.stringify(value)), operation.id);
      expectAnswered(await api.send(operation.method, pathOf(operation), JSON.stringify({ ...example(operation), ...extra })), operation.id);
    }), { numRuns: 300 });
  });
});
