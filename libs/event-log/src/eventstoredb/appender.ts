import type { SealedEvent } from '#libs/kernel';
import { appendBytes, appendTooLarge, fitsOneAppend } from '../append-bytes.js';
import { RevisionConflict, StaleGuard, type Appended, type RecordedEvent, type StreamHead } from '../event-log.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { logError, refusalFault, Unanswered } from './faults.js';
import { readStream } from './reading.js';
import { Slots, Turns } from './slots.js';
import { whatFollows } from './visible.js';

/** What a server counts is at most what `appendBytes` does (types are UTF-16 there). It takes 1 MiB in one append up to version 25.0, and more afterwards (MaxAppendSize). */
export const MOST_APPEND_BYTES = 1_000_000;

/** As many as keep a server busy; more would only wait there, where time runs against them. */
const MOST_IN_FLIGHT = 256;

/** What one call of `append` wants. */
interface Append {
  readonly stream: string;
  readonly events: readonly SealedEvent[];
  readonly expected: number;
  readonly guards: readonly StreamHead[];
}

/** Are these events the ones that were to be appended? Ids are made from the bytes, so an equal id is an equal event. */
const firstAnswer = (events: readonly SealedEvent[], stored: readonly RecordedEvent[]): Appended | undefined => {
  const last = stored[events.length - 1];
  return last && events.every(({ id }, n) => stored[n]?.id === id) ? { revision: last.revision, position: last.position } : undefined;
};

/** Appends events at the revision they were decided at, once, whatever becomes of the connection. */
export class Appender {
  private readonly turns = new Turns();
  private readonly slots = new Slots(MOST_IN_FLIGHT);

  constructor(private readonly connections: Connections) {}

  append(append: Append): Promise<Appended> {
    if (!fitsOneAppend(append.events, MOST_APPEND_BYTES)) return Promise.reject(appendTooLarge(append.stream, { bytes: appendBytes(append.events), most: MOST_APPEND_BYTES }));
    return this.turns.take(append.stream, () => this.write(append));
  }

  /**
   * Sends the same events at the same revision again until it is known what became of them: the server finds those that
   * it has at that revision by their ids, however long ago they were written.
   */
  private write(append: Append): Promise<Appended> {
    const { stream, events, expected, guards } = append;
    let mayBeWritten = false;
    return this.connections.use(async (connection) => {
      if (mayBeWritten) {
        // Only what a majority has is shown: a node that leads no more shows nothing false, and where it shows nothing, the append itself takes the lead.
        const done = await findWritten(connection, append);
        if (done) return done;
      }
      const stale = await staleAmong(connection, guards);
      // Who decides anew after that must know that nothing was appended.
      if (stale && mayBeWritten) throw logError(new Unanswered('a guard moved while an append went unanswered'));
      if (stale) return refuseFor(connection, append, stale);
      const outcome = await this.slots.use(() => {
        mayBeWritten = true;
        return connection.appends.send(stream, expected, events);
      });
      if (outcome.kind === 'refused') throw refusalFault(stream, outcome.reason, outcome.message);
      if (outcome.kind === 'elsewhere') return resolveConflict(connection, append, outcome.actual);
      if (outcome.revision !== expected + events.length) throw new Error(`${stream} went on at another revision than ${expected}: it was deleted`);
      return { revision: outcome.revision, position: outcome.position };
    });
  }
}

/** After an append went unanswered: what it wrote, if it did; undefined while nothing stands in its place. */
const findWritten = async (connection: Connection, { stream, events, expected }: Append): Promise<Appended | undefined> => {
  const stored = await readStream(connection, stream, expected + 1, events.length);
  if (stored.length === 0) return undefined;
  const found = firstAnswer(events, stored);
  if (found) return found;
  throw new RevisionConflict(stream, expected, await connection.heads.get(stream));
};

/** The stream is not where it was expected: because these very events are there, or others. */
const resolveConflict = async (connection: Connection, { stream, events, expected }: Append, actual: number): Promise<Appended> => {
  const stored = actual > expected ? await whatFollows(connection, stream, expected, actual, events.length) : [];
  const found = firstAnswer(events, stored);
  if (found) return found;
  throw new RevisionConflict(stream, expected, actual);
};

/** A repeat has its first answer whatever its guards say, and a conflict of its own goes first. */
const refuseFor = async (connection: Connection, append: Append, stale: StaleGuard): Promise<Appended> => {
  const actual = await connection.heads.get(append.stream);
  if (actual === append.expected) throw stale;
  return resolveConflict(connection, append, actual);
};

/** Asked over the connection that the append takes: a node that no longer led would not carry that one out. */
export const staleAmong = async (connection: Connection, guards: readonly StreamHead[]): Promise<StaleGuard | undefined> => {
  if (guards.length === 0) return undefined;
  const heads = await Promise.all(guards.map(({ stream }) => connection.heads.get(stream)));
  const at = guards.findIndex(({ revision }, n) => heads[n] !== revision);
  const guard = guards[at];
  return guard && new StaleGuard(guard.stream, guard.revision, heads[at] as number);
};
