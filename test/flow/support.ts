import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';
import { createApi } from '../../apps/api/src/create-api.js';
import { OPERATIONS } from '../../apps/api/src/operations.js';
import type { Clock } from '#libs/kernel';
import { Projections } from '#libs/read-models';
import { shapeOn, startBeside, stopDoubles } from './shape.js';

export const TOKENS = {
  admin: 'admin-token-for-tests', finance: 'finance-token-for-tests', gateway: 'gateway-token-for-tests', 'read-only': 'read-only-token-for-tests',
} as const;

type Json = Record<string, any>; // eslint-disable-line

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
  readonly text: string;
}

interface RequestOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An API on a database, listening on a port of its own, called over real HTTP. */
export interface TestApi {
  readonly url: string;
  /** Of what was not expected. */
  readonly errors: unknown[];
  get(path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body: unknown, options?: RequestOptions): Promise<Answer>;
  put(path: string, body: unknown, options?: RequestOptions): Promise<Answer>;
  /** The body as it is, with the content type given. */
  send(method: string, path: string, body: string | Buffer | undefined, options?: RequestOptions): Promise<Answer>;
  readonly routes: { has(method: string, url: string): boolean; readonly count: number };
  close(): Promise<void>;
}

const loggerTo = (errors: unknown[]): Logger => pino({ level: 'error' }, { write: (line: string) => { errors.push(JSON.parse(line)); } });

afterAll(stopDoubles);

export interface TestApiOptions {
  readonly clock?: Clock;
  /** False: nobody applies events, unless another process does. */
  readonly projects?: boolean;
  /** Where events are kept, whatever the run says. */
  readonly log?: 'postgres' | 'eventstoredb';
}

export const startApi = async (databaseUrl: string, { clock, projects = true, log }: TestApiOptions = {}): Promise<TestApi> => {
  const errors: unknown[] = [];
  const { eventLog, eventFeed } = await shapeOn(databaseUrl, log);
  const app: NestFastifyApplication = await createApi({
    databaseUrl, eventLog, eventFeed, projects, version: '0.0.0-test', log: loggerTo(errors), ...(clock && { clock }),
    operatorTokens: Object.entries(TOKENS).map(([role, token]) => ({ role: role as keyof typeof TOKENS, token })),
  });
  startBeside(app, databaseUrl, { eventLog, eventFeed }, () => undefined); // its brokers are waited for
  await app.listen(0, '127.0.0.1');
  if (projects && eventFeed.kind === 'kafka') await untilTopicIsThere(app.get(Projections));
  const server = app.getHttpAdapter().getInstance();
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

  const send: TestApi['send'] = async (method, path, body, { token = TOKENS.admin, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method, ...(body === undefined ? {} : { body }),
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) as Json : {} };
    if (isJson) expectDocumented(method, path, answer);
    return answer;
  };
  return {
    url, errors, send,
    get: (path, options) => send('GET', path, undefined, options),
    post: (path, body, options) => send('POST', path, JSON.stringify(body), options),
    put: (path, body, options) => send('PUT', path, JSON.stringify(body), options),
    routes: { has: (method, route) => server.hasRoute({ method, url: route }), count: countRoutes(server) },
    close: () => app.close(),
  };
};

/** An engine that has just made its topic is ready once the brokers lead all of it. */
const untilTopicIsThere = async (projections: Projections): Promise<void> => {
  while ((await projections.status()).some(({ state }) => state !== 'live' && state !== 'standby')) await delay(50);
};

const patterns = OPERATIONS.map((operation) => ({ operation, pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));

/** What any path may answer, and what every write or read may when its store is away. */
const ANYWHERE = new Set([
  'invalid_request', 'invalid_key', 'forbidden', 'not_found', 'method_not_allowed', 'payload_too_large', 'unsupported_media_type', 'uri_too_long',
  'log_unavailable', 'account_contended', 'database_unavailable',
]);

/** Whatever a flow test sees is checked against the API document: no member, and no refusal, that it does not tell of. */
const expectDocumented = (method: string, path: string, { status, body }: Answer): void => {
  const { operation } = patterns.find((candidate) => candidate.operation.method === method && candidate.pattern.test(path.split('?')[0] as string)) ?? {};
  if (!operation) return;
  const answer = operation.answers[status as 200];
  if (!answer) {
    if (!ANYWHERE.has(body.code) && !operation.refusals?.includes(body.code)) throw new Error(`${operation.id} does not document ${status} ${body.code}`);
    return;
  }
  const parsed = answer.schema.safeParse(body);
  if (!parsed.success) throw new Error(`${operation.id} ${status}: ${parsed.error.message}`);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(parsed.data)), body)) throw new Error(`${operation.id} ${status} has members that are not documented: ${JSON.stringify(body)}`);
};

/** Fastify lists its routes as a tree of text; HEAD comes with every GET. */
const countRoutes = (server: FastifyInstance): number => [...server.printRoutes({ commonPrefix: false }).matchAll(/\(([A-Z, ]+)\)/g)]
  .flatMap(([, methods]) => (methods as string).split(', ')).filter((method) => method !== 'HEAD').length;

export const catalogFile = (name: string): Json => JSON.parse(readFileSync(`catalogs/${name}.json`, 'utf8')) as Json;
