import { randomUUID } from 'node:crypto';
import type { SealedEvent } from '#libs/kernel';
import type { EventLog, RecordedEvent } from '../event-log.js';

export const anEvent = (body = '{}'): SealedEvent => ({ id: randomUUID(), type: 'Tested', body });
export const events = (count: number): SealedEvent[] => Array.from({ length: count }, (_, n) => anEvent(`{"n":${n}}`));
export const numbered = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

let streams = 0;
/** A stream that no other test uses. */
export const aStream = (prefix = 'account'): string => {
  streams += 1;
  return `${prefix}-${streams}-${randomUUID().slice(0, 8)}`;
};

export const collect = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> => {
  const all: RecordedEvent[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
};

/** Takes events from a subscription until there are `count` of them; then unsubscribes. */
export const take = async (log: EventLog, count: number, options: { after?: string | undefined; batchSize?: number } = {}): Promise<RecordedEvent[]> => {
  const enough = new AbortController();
  const taken: RecordedEvent[] = [];
  for await (const batch of log.subscribe({ ...options, signal: enough.signal })) {
    taken.push(...batch);
    if (taken.length >= count) enough.abort();
  }
  return taken;
};
