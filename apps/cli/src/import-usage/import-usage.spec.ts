import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { importUsage } from './import-usage.js';

const billed = { status: 201, cost: '0.5', balance: { unit: 'USD' } };

/** Bills the first row of a file, and says of others that there is no such account. */
const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const events = request.method === 'POST' ? await json(request) as { id: string }[] : [];
  const results = events.map(({ id }) => (id === '2' ? billed : { status: 404, code: 'not_found' }));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results }));
};

const failingEngine = async (): Promise<Server> => {
  const server = createServer((request, response) => { void answer(request, response); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

describe('import-usage', () => {
  it('tells what was charged also where it fails after that', async () => {
    const engine = await failingEngine();
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'meterbook-import-')), 'usage.csv');
    await writeFile(file, 'At,In\n2026-01-01 10:00:00,1\n2026-01-01 10:00:00,2\n');
    const said = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await expect(importUsage(file, {
        account: 'acme', model: 'm', time: 'At', meter: new Map([['input_tokens', 'In']]), batch: 1, url: `http://127.0.0.1:${(engine.address() as AddressInfo).port}`, token: 't', rejects: `${file}.rejects.csv`,
      })).rejects.toThrow('There is no account acme');
      expect(said.mock.calls.join('')).toContain('charged now       1 row, 0.5 USD');
    } finally {
      said.mockRestore();
      engine.closeAllConnections();
      engine.close();
    }
  });
});
