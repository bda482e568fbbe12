import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer();
  probe.listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
};

/**
 * A random free port below the range that systems take the near end of outgoing connections from (32768 on Linux). The
 * server must get the same port back after a crash; from that range another program could hold it by then, or a client
 * that keeps trying to connect could be given it and meet itself.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await isFree(port)) return port;
  }
};
