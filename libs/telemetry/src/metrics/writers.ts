import { Counter, Histogram, type Registry } from 'prom-client';
import type { StreamLeases, StreamMemory } from '#libs/event-log';
import { seriesFromZero } from './series.js';

/** Counts the snapshots that are saved, and that could not be. */
export const meterMemory = (memory: StreamMemory, registry: Registry): StreamMemory => {
  const snapshots = new Counter({
    name: 'meterbook_snapshots_total', help: 'Snapshots of accounts, saved or failed; a failed one costs a longer start, nothing else.', labelNames: ['outcome'], registers: [registry],
  });
  const [saved, failed] = [seriesFromZero(snapshots, 'saved'), seriesFromZero(snapshots, 'failed')];
  return {
    load: (stream) => memory.load(stream),
    find: (stream, keys) => memory.find(stream, keys),
    discard: (stream, snapshot) => memory.discard(stream, snapshot),
    save: async (...snapshot) => {
      try {
        await memory.save(...snapshot);
        saved.inc();
      } catch (error) {
        failed.inc();
        throw error;
      }
    },
  };
};

/** Takes the time of waits for contended accounts. */
export const meterLeases = (leases: StreamLeases, registry: Registry): StreamLeases => {
  const waits = new Histogram({
    name: 'meterbook_lease_wait_seconds', help: 'Waits for the turn on an account that several processes write to; missed: not had in time, so it was raced for.',
    labelNames: ['outcome'], buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5], registers: [registry],
  });
  for (const outcome of ['held', 'missed']) waits.zero({ outcome });
  const [held, missed] = [waits.labels('held'), waits.labels('missed')];
  return {
    close: () => leases.close(),
    acquire: async (stream, waitMs) => {
      const startedAt = performance.now();
      const release = await leases.acquire(stream, waitMs);
      (release ? held : missed).observe((performance.now() - startedAt) / 1_000);
      return release;
    },
  };
};
