import { hashOf } from '#libs/kernel';
import type { EventLog, RecordedEvent } from '#libs/event-log';

/** Where a fold of a stream stands: at its last event so far, or before the first. */
export interface Place {
  readonly revision: number;
  readonly hash: string | null;
}

/** What was folded so far is no longer what the log has: it was restored to an earlier time, or has another history. */
export class OtherHistory extends Error {
  constructor(readonly stream: string, readonly revision: number) {
    super(`${stream} has another event at revision ${revision}, or none: it was set back to an earlier time`);
    this.name = 'OtherHistory';
  }
}

/**
 * A stream's events after a place, which is proved first: the event there is read with them.
 * @throws OtherHistory; another error where the stream has an event there and does not show it: nothing else was written in its
 *   place, so that what was folded or stored of it is all there is left
 */
export async function* eventsAfter(log: EventLog, stream: string, { revision, hash }: Place): AsyncGenerator<readonly RecordedEvent[], void> {
  if (revision < 0) {
    yield* log.read(stream);
    return;
  }
  let [isProved, isEmpty] = [false, true];
  for await (const events of log.read(stream, { from: revision })) {
    isEmpty = false;
    if (isProved) yield events;
    else {
      const [at, ...after] = events;
      if (!at || hashOfEvent(at) !== hash) break;
      isProved = true;
      yield after;
    }
  }
  if (isProved) return;
  if (isEmpty && await log.head(stream) >= revision) throw new Error(`${stream} shows nothing from revision ${revision} on, which it has: it was truncated or deleted`);
  throw new OtherHistory(stream, revision);
}

export const hashOfEvent = ({ stream, revision, type, body }: RecordedEvent): string => hashOf(stream, revision, type, body);
