import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const given = new Set();

const isFree = (port) => new Promise((resolve) => {
  const probe = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
});

/**
 * A free port, given out once in a process: what is to listen there may not have begun to when the next one is asked for. Not from the
 * range that systems take the near ends of connections from (32768 on, on Linux).
 * @returns {Promise<number>}
 */
export const freePort = async () => {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (!given.has(port) && await isFree(port)) {
      given.add(port);
      return port;
    }
  }
};
