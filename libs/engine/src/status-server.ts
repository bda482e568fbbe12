import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '#libs/http';
import { listenAt, type Address } from './address.js';

/** Whether a part of a process can do its work, as the health answers of the API say it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface StatusServerParts extends Address {
  readonly metrics: Metrics;
  readonly checks: () => Promise<readonly Check[]>;
}

/** Health and metrics of a process that serves nothing else, at the paths the API has for them. */
export class StatusServer {
  private draining = false;
  private readonly server = createServer((request, response) => {
    this.answer(request.url?.split('?')[0] ?? '', response).catch((error: unknown) => json(response, 500, { status: 'unavailable', checks: [{ name: 'process', ok: false, detail: messageOf(error) }] }));
  });

  constructor(private readonly parts: StatusServerParts) {}

  /** @throws Failure */
  listen(): Promise<string> {
    return listenAt(this.parts, async ({ host, port }) => {
      this.server.listen(port, host);
      await once(this.server, 'listening');
      return this.server.address() as AddressInfo;
    });
  }

  /** From now on it is not ready: nobody should count on this process any more. */
  drain(): void {
    this.draining = true;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/health/live') json(response, 200, { status: 'ok', checks: [] });
    else if (path === '/health/ready') await this.ready(response);
    else if (path === '/metrics') {
      const { registry } = this.parts.metrics;
      const text = await registry.metrics(); // may fail, and then the answer is another
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    } else json(response, 404, { status: 'not_found', checks: [] });
  }

  private async ready(response: ServerResponse): Promise<void> {
    const checks = this.draining ? [{ name: 'process', ok: false, detail: 'it is stopping' }] : await this.parts.checks();
    const ok = checks.every((check) => check.ok);
    json(response, ok ? 200 : 503, { status: ok ? 'ok' : 'unavailable', checks });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
};
