import type { StreamLeases } from '../stream-leases.js';

/** Where there is nothing to lease from: a jittered pause lets the others get ahead. */
export const backOff: StreamLeases = {
  acquire: (_stream, waitMs) => new Promise((resolve) => {
    setTimeout(() => resolve(undefined), Math.random() * Math.min(50, waitMs));
  }),
  close: () => Promise.resolve(),
};
