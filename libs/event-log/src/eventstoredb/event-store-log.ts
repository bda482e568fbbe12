import type { SealedEvent } from '#libs/kernel';
import type { AppendOptions, Appended, EventLog, Position, RecordedEvent, SubscribeOptions } from '../event-log.js';
import { Appender, MOST_APPEND_BYTES } from './appender.js';
import { Confirmer } from './confirmer.js';
import type { Connection } from './connection.js';
import { Connections } from './connections.js';
import { logClosed, logError, TooSlow } from './faults.js';
import { identify, IDENTITY_STREAM } from './identity.js';
import { inBatches } from './pages.js';
import { readAllAfter, readEnd, readNewest, readStream } from './reading.js';
import { readSettings } from './settings.js';
import { follow } from './subscription.js';

const BATCH_SIZE = 1_000;

/** The streams that the engine writes; a database may hold others, and always holds the server's own. */
const PREFIXES: readonly string[] = ['account-', 'catalog'];

export interface EventStoreOptions {
  /** Of the names of streams that `readAll`, `subscribe` and `end` show. */
  readonly prefixes?: readonly string[];
  /** How long a call waits out an outage. A cluster that has lost its leader has another after 3 to 6 s. */
  readonly patienceMs?: number;
}

/** The event log in EventStoreDB 22.10 or later, or KurrentDB. Any number of processes may work on one database. */
export class EventStoreLog implements EventLog {
  readonly maxAppendBytes = MOST_APPEND_BYTES;
  readonly id: string;
  private readonly appender: Appender;
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly closing = new AbortController();

  private constructor(
    private readonly connections: Connections, private readonly confirmer: Confirmer, private readonly prefixes: readonly string[],
    /** All ids that the log has had: it was restored, and is no other log for that. The one it has now is the first. */
    readonly lineage: readonly [string, ...string[]],
  ) {
    [this.id] = lineage;
    this.appender = new Appender(connections);
  }

  /** Opens the log at a connection string (see {@link readSettings}). */
  static async open(url: string, { prefixes = PREFIXES, patienceMs = 10_000 }: EventStoreOptions = {}): Promise<EventStoreLog> {
    const settings = readSettings(url);
    const connections = new Connections(settings, patienceMs);
    try {
      const lineage = await connections.use(identify);
      return new EventStoreLog(connections, new Confirmer(connections), prefixes, lineage);
    } catch (error) {
      await connections.close();
      throw error;
    }
  }

  append(stream: string, events: readonly SealedEvent[], expected: number, { guards = [] }: AppendOptions = {}): Promise<Appended> {
    if (this.closing.signal.aborted) return Promise.reject(logClosed());
    return this.track(events.length === 0
      ? this.confirmer.confirm(stream, expected, guards)
      : this.appender.append({ stream, events, expected, guards }));
  }

  read(stream: string, { from = 0, limit = Infinity }: { from?: number; limit?: number } = {}): AsyncIterable<readonly RecordedEvent[]> {
    const asLeader = this.asLeader();
    return inBatches((after, size) => asLeader((connection) => readStream(connection, stream, after ? after.revision + 1 : from, size)), limit, BATCH_SIZE);
  }

  head(stream: string): Promise<number> {
    return this.confirmer.head(stream);
  }

  readAll({ after, batchSize = BATCH_SIZE }: { after?: Position | undefined; batchSize?: number } = {}): AsyncIterable<readonly RecordedEvent[]> {
    const asLeader = this.asLeader();
    return inBatches((last, size) => asLeader((connection) => readAllAfter(connection, this.prefixes, last?.position ?? after, size)), Infinity, batchSize);
  }

  async *subscribe({ after, batchSize = BATCH_SIZE, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[], void> {
    const until = AbortSignal.any([signal, this.closing.signal]);
    if (this.closing.signal.aborted) throw logClosed();
    if (signal.aborted) return;
    // Another node may not have the position yet, and one that only is there would refuse what it is asked for.
    const connection = await this.asLeader()(async (open) => {
      await readNewest(open, IDENTITY_STREAM);
      return open;
    });
    let at = after;
    for (let fruitless = 0; !until.aborted;) {
      const from = at;
      try {
        for await (const batch of follow(connection, this.prefixes, from, batchSize, until)) {
          at = batch.at(-1)?.position;
          yield batch;
        }
      } catch (error) {
        // The server reads again what its reader has not had, so that the next one gives something.
        fruitless = at === from ? fruitless + 1 : 0;
        if (!(error instanceof TooSlow) || connection.isLost || fruitless > 1) throw logError(error);
      }
    }
  }

  async end(): Promise<Position | undefined> {
    return (await this.asLeader()((connection) => readEnd(connection, this.prefixes)))?.position;
  }

  /** Waits for the appends under way; subscriptions end. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.underWay);
    await this.connections.close();
  }

  /**
   * For the reads of one call: whoever concludes something from what they do not show has to have the leader's word for it.
   * One proof for each connection is enough, since it holds for all that is read after the call.
   */
  private asLeader(): <Result>(read: (connection: Connection) => Promise<Result>) => Promise<Result> {
    let proven: Connection | undefined;
    return (read) => this.connections.use(async (connection) => {
      if (connection === proven) return read(connection);
      const [result] = await Promise.all([read(connection), connection.prove()]);
      proven = connection;
      return result;
    });
  }

  private async track<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }
}
