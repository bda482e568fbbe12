import { eventIdOf, hashOf, type Envelope } from '#libs/kernel';
import type { EventLog } from '#libs/event-log';

export type ChainVerdict =
  | { readonly ok: true; readonly events: number; /** Of the last event: to be kept elsewhere, it proves later that nothing before was changed. */ readonly head: string | null }
  | { readonly ok: false; readonly events: number; /** The first event that does not fit. */ readonly revision: number; readonly reason: string };

/** Recomputes the hash chain of a stream over the stored bytes. */
export const verifyChain = async (log: EventLog, stream: string): Promise<ChainVerdict> => {
  let events = 0;
  let head: string | null = null;
  for await (const page of log.read(stream)) {
    for (const { id, type, body, revision } of page) {
      const broken = (reason: string): ChainVerdict => ({ ok: false, events, revision, reason });
      if (revision !== events) return broken(`revision ${events} is missing`);
      if ((JSON.parse(body) as Envelope).previousHash !== head) return broken('it does not continue the event before it');
      head = hashOf(stream, revision, type, body);
      if (id !== eventIdOf(head)) return broken('its id is not that of its content');
      events += 1;
    }
  }
  return { ok: true, events, head };
};
