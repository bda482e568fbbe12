import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino, type Logger } from 'pino';
import { createApi } from '../../apps/api/src/create-api.js';
import type { Clock } from '#libs/kernel';

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
  close(): Promise<void>;
}

const loggerTo = (errors: unknown[]): Logger => pino({ level: 'error' }, { write: (line: string) => { errors.push(JSON.parse(line)); } });

export const startApi = async (databaseUrl: string, { clock }: { clock?: Clock } = {}): Promise<TestApi> => {
  const errors: unknown[] = [];
  const app: NestFastifyApplication = await createApi({
    databaseUrl, version: '0.0.0-test', log: loggerTo(errors), ...(clock && { clock }),
    operatorTokens: Object.entries(TOKENS).map(([role, token]) => ({ role: role as keyof typeof TOKENS, token })),
  });
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

  const send: TestApi['send'] = async (method, path, body, { token = TOKENS.admin, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method, ...(body === undefined ? {} : { body }),
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) as Json : {} };
  };
  return {
    url, errors, send,
    get: (path, options) => send('GET', path, undefined, options),
    post: (path, body, options) => send('POST', path, JSON.stringify(body), options),
    put: (path, body, options) => send('PUT', path, JSON.stringify(body), options),
    close: () => app.close(),
  };
};

export const catalogFile = (name: string): Json => JSON.parse(readFileSync(`catalogs/${name}.json`, 'utf8')) as Json;
