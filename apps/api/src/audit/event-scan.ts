import type { Envelope } from '#libs/kernel';
import type { EventLog, RecordedEvent } from '#libs/event-log';
import { inTurns } from '#libs/http';

/** Which events are asked for; `from` and `to` are of recorded time, `to` is not included. */
export interface EventFilter {
  readonly type?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** An event with its body read. */
export interface ReadEvent extends RecordedEvent {
  readonly envelope: Envelope;
}

export interface Scan {
  readonly found: readonly ReadEvent[];
  /** The last event looked at, where there may be more behind it. */
  readonly last: RecordedEvent | undefined;
}

/** Events looked at in one go. Few, as commands wait meanwhile. */
export const READ_AT_ONCE = 100;

/** A stream's events from a revision on, in pages that are small: most answers need one. */
export async function* smallPages(log: EventLog, stream: string, from: number): AsyncGenerator<readonly RecordedEvent[], void> {
  for (let next = from; ;) {
    const start = next;
    for await (const page of log.read(stream, { from: start, limit: READ_AT_ONCE })) {
      next += page.length;
      yield page;
    }
    if (next < start + READ_AT_ONCE) return;
  }
}

/**
 * Most events looked at for one page: a filter that fits few of them answers a short page with a cursor rather than
 * reading on for as long as it takes.
 */
const MOST_LOOKED_AT = 5_000;

/**
 * Looks through events in their order for at most `limit` that pass the filter.
 * @param end where time never runs backwards, the instant from which on no event is wanted
 */
export const scan = async (pages: AsyncIterable<readonly RecordedEvent[]>, { type, from, to }: EventFilter, limit: number, end?: string): Promise<Scan> => {
  const found: ReadEvent[] = [];
  let looked = 0;
  for await (const slice of inTurns(pages, READ_AT_ONCE)) {
    for (const event of slice) {
      looked += 1;
      const envelope = JSON.parse(event.body) as Envelope;
      const { recordedAt } = envelope;
      if (end !== undefined && recordedAt >= end) return { found, last: undefined };
      if ((type === undefined || event.type === type) && (from === undefined || recordedAt >= from) && (to === undefined || recordedAt < to)) found.push({ ...event, envelope });
      if (found.length === limit || looked === MOST_LOOKED_AT) return { found, last: event };
    }
  }
  return { found, last: undefined };
};

/** The first revision recorded at or after an instant. Time never runs backwards within a stream, so it is found by halving. */
export const revisionAt = async (log: EventLog, stream: string, instant: string): Promise<number> => {
  let [low, high] = [0, (await log.head(stream)) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await recordedAt(log, stream, middle) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
};

const recordedAt = async (log: EventLog, stream: string, revision: number): Promise<string> => {
  for await (const [event] of log.read(stream, { from: revision, limit: 1 })) if (event) return (JSON.parse(event.body) as Envelope).recordedAt;
  return '';
};
