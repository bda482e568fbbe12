import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEngine, type Engine } from '../../apps/cli/src/engine/engine.js';
import { readSettings } from '#libs/settings';

export type Json = Record<string, any>; // eslint-disable-line

/** An engine of `npm start`, and a way to call it. */
export interface SeenEngine extends Engine {
  call(method: string, at: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<{ status: number; headers: Headers; body: Json; text: string }>;
}

export const startSeenEngine = async (databaseUrl: string, env: Readonly<Record<string, string>> = {}): Promise<SeenEngine> => {
  const engine = await startEngine(readSettings({
    DATABASE_URL: databaseUrl, METERBOOK_DATA_DIR: await mkdtemp(path.join(tmpdir(), 'meterbook-seen-')), PORT: '0', HOST: '127.0.0.1', ...env,
  }));
  const token = engine.operatorTokens[0]?.token;
  return {
    ...engine,
    call: async (method, at, body, headers = {}) => {
      const response = await fetch(engine.url + at, {
        method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: text.startsWith('{') ? JSON.parse(text) as Json : {} };
    },
  };
};
