import { eventIdOf, hashOf } from '#libs/kernel';
import type { RecordedEvent } from './event-log.js';

/** Where the hash chain of a stream stands: at its last event so far. */
export interface ChainEnd {
  readonly revision: number;
  readonly hash: string | null;
}

export const CHAIN_START: ChainEnd = { revision: -1, hash: null };

/** An event that does not continue its stream: one was taken out, put in, moved or changed. */
export class BrokenChain extends Error {
  constructor(readonly event: RecordedEvent, readonly what: string, readonly expected: string, readonly found: string) {
    super(`${what} is ${found}, not ${expected}`);
    this.name = 'BrokenChain';
  }
}

/**
 * Follows the hash chain of a stream over its stored bytes by one event.
 * @param previousHash what the event itself says of the one before it
 * @throws BrokenChain
 */
export const continueChain = (end: ChainEnd, event: RecordedEvent, previousHash: string | null): ChainEnd => {
  const { stream, revision, type, body, id } = event;
  const same = (what: string, expected: string, found: string): void => {
    if (expected !== found) throw new BrokenChain(event, what, expected, found);
  };
  same('revision', String(end.revision + 1), String(revision));
  same('hash of the event before it', String(end.hash), String(previousHash));
  const hash = hashOf(stream, revision, type, body);
  same('id (the hash of its stored bytes)', eventIdOf(hash), id);
  return { revision, hash };
};
