import { setTimeout as pause } from 'node:timers/promises';
import { TOKEN } from './engine-process.js';

export interface Reply {
  readonly status: number;
  readonly body: { readonly [member: string]: unknown } & { readonly code?: string; readonly status?: unknown };
}

/** One request; undefined when there was no answer. */
export const tryOnce = async (url: string, method: string, path: string, body?: unknown, withinMs = 20_000): Promise<Reply | undefined> => {
  try {
    const response = await fetch(`${url}${path}`, {
      method, headers: { authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(withinMs),
    });
    return { status: response.status, body: await response.json() as Reply['body'] };
  } catch {
    // Refused, cut off or silent: the caller asks again, as a gateway would.
    return undefined;
  }
};

/** Sends the same command until it is answered for good: what a careful caller does. */
export const insist = async (url: string, method: string, path: string, body?: unknown, forMs = 120_000): Promise<Reply> => {
  const until = Date.now() + forMs;
  for (;;) {
    const reply = await tryOnce(url, method, path, body);
    if (reply && reply.status !== 503) return reply;
    if (Date.now() > until) throw new Error(`${method} ${path}: no answer within ${forMs} ms, last ${JSON.stringify(reply)}`);
    await pause(50);
  }
};

export const openAccount = async (url: string, id: string, amount: string): Promise<void> => {
  await insist(url, 'POST', '/v1/accounts', { id, catalog: 'kyma', billing: { mode: 'prepaid' } });
  await insist(url, 'POST', `/v1/accounts/${id}/purchases`, { id: 'buy-0', amount });
};
