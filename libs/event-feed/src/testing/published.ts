import { eventIdOf, hashOf } from '#libs/kernel';
import type { RecordedEvent } from '#libs/event-log';
import type { InMemoryStore } from '../../../event-log/src/testing/in-memory.js';
import type { Published } from './event-feed.contract.js';

/** The same event published twice has one id, as in a real log. */
const idOf = ({ stream, revision, body }: Published): string => eventIdOf(hashOf(stream, revision, 'Tested', body));

/** Puts events into a log that holds what a test wants, holes and repeats too, which a real one refuses. */
export const publishTo = (store: InMemoryStore, events: readonly Published[]): RecordedEvent[] => {
  const recorded = events.map((published, at) => (
    { ...published, id: idOf(published), type: 'Tested', position: String(store.all.length + at + 1).padStart(16, '0') }));
  store.all.push(...recorded);
  for (const event of recorded) {
    const stored = store.streams.get(event.stream) ?? [];
    stored[event.revision] = event;
    store.streams.set(event.stream, stored);
  }
  for (const wake of store.wakers) wake();
  return recorded;
};
