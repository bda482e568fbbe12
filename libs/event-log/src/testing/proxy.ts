import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and its server, to lose what the network may lose. */
export interface Proxy {
  readonly url: string;
  /** From now on nothing that the server says arrives. */
  deafen(): void;
  /** Breaks every connection towards the client; the server's side stays open, as when a machine vanishes. New connections work. */
  cut(): void;
  close(): Promise<void>;
}

export const proxyTo = async (target: string): Promise<Proxy> => {
  const { hostname, port } = new URL(target);
  let pairs: { client: Socket; server: Socket; deaf: boolean }[] = [];
  const abandoned: Socket[] = [];
  const listener = createServer((client) => {
    const pair = { client, server: connect(Number(port), hostname), deaf: false };
    pairs.push(pair);
    client.on('data', (data) => pair.server.write(data)).on('error', () => undefined).on('close', () => { if (!abandoned.includes(pair.server)) pair.server.end(); });
    pair.server.on('data', (data) => { if (!pair.deaf) client.write(data); }).on('error', () => undefined).on('close', () => client.end());
  });
  await new Promise<void>((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
  const url = new URL(target);
  url.port = String((listener.address() as AddressInfo).port);
  return {
    url: url.href,
    deafen: () => { for (const pair of pairs) pair.deaf = true; },
    cut: () => {
      for (const { client, server } of pairs) {
        abandoned.push(server);
        client.destroy();
      }
      pairs = [];
    },
    close: () => new Promise((resolve) => {
      for (const { client, server } of pairs) { client.destroy(); server.destroy(); }
      for (const server of abandoned) server.destroy();
      listener.close(() => resolve());
    }),
  };
};
