import type { RecordedEvent } from '#libs/event-log';
import type { InMemoryStore } from '../../../event-log/src/testing/in-memory.js';
import type { Published } from './event-feed.contract.js';

/** Puts events into a log that holds what a test wants, holes and repeats too, which a real one refuses. */
export const publishTo = (store: InMemoryStore, events: readonly Published[]): RecordedEvent[] => {
  const recorded = events.map((published, at) => (
    { ...published, id: crypto.randomUUID(), type: 'Tested', position: String(store.all.length + at + 1).padStart(16, '0') }));
  store.all.push(...recorded);
  for (const wake of store.wakers) wake();
  return recorded;
};
