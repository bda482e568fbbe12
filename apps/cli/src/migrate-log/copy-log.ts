import type { SealedEvent } from '#libs/kernel';
import { appendBytes, RevisionConflict, type EventLog, type RecordedEvent } from '#libs/event-log';
import { Failure } from '#libs/process';

/** Events that are copied, and compared, together. Those of different streams may change places among them, and nowhere else. */
export const PAGE = 1_000;

export interface CopyParts {
  readonly source: EventLog;
  readonly target: EventLog;
  /** How far an earlier copy to this target has got. */
  readonly from: { readonly position: string | undefined; readonly events: number };
  /** What has been copied is durable in the target; keeps it for a later copy. */
  readonly onPage: (place: { readonly position: string; readonly events: number }) => Promise<void>;
}

/**
 * Copies a log that nobody appends to any more into another one, in its order, page by page, and each stream of a page at
 * its revisions. Cut off anywhere it can be begun again at the last page told of: what is there already is recognised.
 */
export const copyLog = async ({ source, target, from, onPage }: CopyParts): Promise<void> => {
  let { events } = from;
  for await (const page of source.readAll({ after: from.position, batchSize: PAGE })) {
    const streams = new Map<string, RecordedEvent[]>();
    for (const event of page) {
      const found = streams.get(event.stream);
      if (found) found.push(event);
      else streams.set(event.stream, [event]);
    }
    await Promise.all([...streams.values()].map((ofStream) => copyStream(target, ofStream)));
    events += page.length;
    await onPage({ position: (page.at(-1) as RecordedEvent).position, events });
  }
};

/** Events of one stream that follow each other. */
const copyStream = async (target: EventLog, events: readonly RecordedEvent[]): Promise<void> => {
  let left = events;
  while (left.length > 0) {
    const part = left.slice(0, howMany(left, target.maxAppendBytes));
    left = left.slice(await copyPart(target, part));
  }
};

/** How many of them go into one append; at least one. */
const howMany = (events: readonly SealedEvent[], most: number): number => {
  let bytes = 0;
  const tooMany = events.findIndex((event) => (bytes += appendBytes([event])) > most);
  return tooMany < 0 ? events.length : Math.max(1, tooMany);
};

/** @returns how many of these events are there now */
const copyPart = async (target: EventLog, events: readonly RecordedEvent[]): Promise<number> => {
  const [{ stream, revision }] = events as readonly [RecordedEvent];
  try {
    await target.append(stream, events.map(({ id, type, body }) => ({ id, type, body })), revision - 1);
    return events.length;
  } catch (error) {
    if (!(error instanceof RevisionConflict)) throw error;
    // A copy that was cut off may have left the first of them, where they went in several appends.
    const there = await collected(target.read(stream, { from: revision, limit: events.length }));
    if (there.length > 0 && there.every(({ id }, at) => id === events[at]?.id)) return there.length;
    throw new Failure(`The log to copy to has other events: ${stream} is at revision ${error.actual}, where ${revision - 1} was to be. Copy into an empty one.`, { cause: error });
  }
};

const collected = async (pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> => {
  const all: RecordedEvent[] = [];
  for await (const page of pages) all.push(...page);
  return all;
};
