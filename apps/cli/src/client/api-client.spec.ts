import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient, Refused } from './api-client.js';

type Handler = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

/** Calls `work` against a server that answers as told. */
const against = async (handler: Handler, work: (client: ApiClient, waits: boolean[]) => Promise<void>): Promise<number> => {
  let attempts = 0;
  const server = createServer((request, response) => { handler(request, response, (attempts += 1)); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const waits: boolean[] = [];
  const { port } = server.address() as AddressInfo;
  try {
    await work(new ApiClient({ url: `http://127.0.0.1:${port}`, token: 't-1', onWaiting: (waiting) => waits.push(waiting) }), waits);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return attempts;
};

/** Below the ports that anybody is given. */
const NOBODY = 'http://127.0.0.1:2';

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

describe('the API client', () => {
  it('sends the token and JSON, and answers with JSON', async () => {
    await against((request, response) => json(response, 200, { authorization: request.headers.authorization, type: request.headers['content-type'] }), async (client) => {
      expect(await client.post('/v1/x', { a: 1 })).toEqual({ authorization: 'Bearer t-1', type: 'application/json' });
      expect(await client.get('/v1/x')).toEqual({ authorization: 'Bearer t-1' });
    });
  });

  it('asks again after 503, as late as it is told, and says that it waits', async () => {
    const begun = performance.now();
    const attempts = await against((_request, response, attempt) => (attempt < 3 ? json(response, 503, {}, { 'retry-after': '0.2' }) : json(response, 200, { ok: true })), async (client, waits) => {
      expect(await client.get('/v1/x')).toEqual({ ok: true });
      expect(waits).toEqual([true, false]);
    });
    expect(attempts).toBe(3);
    expect(performance.now() - begun).toBeGreaterThan(390);
  });

  it('asks again after a connection that broke', async () => {
    const attempts = await against((request, response, attempt) => {
      if (attempt === 1) request.socket.destroy();
      else json(response, 201, { ok: true });
    }, async (client) => expect(await client.post('/v1/x', {})).toEqual({ ok: true }));
    expect(attempts).toBe(2);
  });

  it('gives up when nobody answers for too long, and says what to do', async () => {
    const client = new ApiClient({ url: NOBODY, token: 't' });
    await expect(client.get('/v1/x', { patienceMs: 0 })).rejects.toThrow(`No engine answers at ${NOBODY} (ECONNREFUSED). Start one with "npm start", or pass the right --url.`);
  });

  it('stops waiting when it is asked to', async () => {
    const stop = new AbortController();
    const client = new ApiClient({ url: NOBODY, token: 't', signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(client.get('/v1/x')).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('does not repeat what was refused', async () => {
    const problem = { type: '/problems/not_found', title: 'Not found', status: 404, code: 'not_found', detail: 'no such account' };
    const attempts = await against((_request, response) => json(response, 404, problem), async (client) => {
      const refused = client.get('/v1/accounts/nobody');
      await expect(refused).rejects.toThrow('GET /v1/accounts/nobody was refused (404 not_found): no such account');
      await expect(refused).rejects.toBeInstanceOf(Refused);
    });
    expect(attempts).toBe(1);
  });

  it('tells what is no engine', async () => {
    await against((_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'); }, async (client) => {
      await expect(client.get('/v1/x')).rejects.toThrow('is it the address of an engine?');
    });
  });
});
