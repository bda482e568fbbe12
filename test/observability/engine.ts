import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEngine, type Engine } from '../../apps/cli/src/engine/engine.js';
import { readSettings } from '#libs/settings';

export type Json = Record<string, any>; // eslint-disable-line

export type Call = (method: string, at: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<{ status: number; body: Json; text: string }>;

export const callAt = (url: string, token: string): Call => async (method, at, body, headers = {}) => {
  const response = await fetch(url + at, {
    method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) as Json : {} };
};

/** An engine of `npm start`, and a way to call it. */
export interface SeenEngine extends Engine {
  readonly call: Call;
}

export const startSeenEngine = async (databaseUrl: string, env: Readonly<Record<string, string>> = {}): Promise<SeenEngine> => {
  const engine = await startEngine(readSettings({
    DATABASE_URL: databaseUrl, METERBOOK_DATA_DIR: await mkdtemp(path.join(tmpdir(), 'meterbook-seen-')), PORT: '0', HOST: '127.0.0.1', ...env,
  }));
  return { ...engine, call: callAt(engine.url, engine.operatorTokens[0]?.token ?? '') };
};
