import type { Envelope } from '#libs/kernel';
import { BrokenChain, CHAIN_START, continueChain, type EventLog } from '#libs/event-log';
import { inTurns } from '#libs/http';
import { READ_AT_ONCE } from './event-scan.js';

export type ChainVerdict =
  | { readonly ok: true; readonly events: number; /** Of the last event: to be kept elsewhere, it proves later that nothing before was changed. */ readonly head: string | null }
  | { readonly ok: false; readonly events: number; /** The first event that does not fit. */ readonly revision: number; readonly reason: string };

/** Recomputes the hash chain of a stream over the stored bytes. */
export const verifyChain = async (log: EventLog, stream: string): Promise<ChainVerdict> => {
  let end = CHAIN_START;
  try {
    for await (const slice of inTurns(log.read(stream), READ_AT_ONCE)) {
      for (const event of slice) end = continueChain(end, event, (JSON.parse(event.body) as Envelope).previousHash);
    }
  } catch (error) {
    if (!(error instanceof BrokenChain)) throw error;
    return { ok: false, events: end.revision + 1, revision: error.event.revision, reason: error.message };
  }
  return { ok: true, events: end.revision + 1, head: end.hash };
};
