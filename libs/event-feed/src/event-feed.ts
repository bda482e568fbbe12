import type { ClientBase } from 'pg';
import type { RecordedEvent } from '#libs/event-log';

/** How a feed is doing for a consumer. */
export type FeedState =
  /** Others consume under this name, and leave nothing to this process; it takes over when one of them ends. */
  | { readonly status: 'standby' }
  | { readonly status: 'live' }
  /** The log or the database is out of reach; it tries again by itself. */
  | { readonly status: 'retrying'; readonly error: unknown }
  /** Something is wrong that trying again cannot mend: a gap, an event that cannot be read, a checkpoint of another log. */
  | { readonly status: 'stopped'; readonly error: unknown };

/**
 * Whoever turns events into rows of PostgreSQL. Its rows and the checkpoint are one transaction, so an event has its
 * effect exactly once, whatever is delivered twice or cut off.
 */
export interface Consumer {
  /** Any number of processes may consume under one name; each event is applied by one of them. */
  readonly name: string;
  /** Other streams are passed over. */
  wants(stream: string): boolean;
  /** The highest revision applied of each of these streams, as its rows tell; -1, or absent, for none. */
  applied(tx: ClientBase, streams: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Writes the effect of events that are new, without gaps, in the order of each stream. @throws PoisonEvent */
  apply(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void>;
  /** What was applied last is durable; these events were delivered, and may have been applied before. */
  committed(events: readonly RecordedEvent[]): void;
  /** What it remembers of its rows may be wrong: a transaction was rolled back, or somebody else wrote. */
  forget(): void;
  observe(state: FeedState): void;
}

/** How far a consumer is behind. */
export interface Lag {
  readonly events: number;
  /** There are more than were counted. */
  readonly atLeast: boolean;
  /** How long the first event that it has not applied has waited. */
  readonly seconds: number;
}

/**
 * Brings events to consumers: at least once, in the order of each stream. An adapter says where they come from; that each
 * takes effect once, and a gap none, is the same for all (see Applier).
 */
export interface EventFeed {
  /**
   * Consumes until `signal` aborts, through outages. What has arrived since the last batch is one batch, after a short
   * while of gathering.
   * @throws StreamGap, PoisonEvent, ForeignCheckpoint, LostEvents, or what else cannot be mended by trying again
   */
  consume(consumer: Consumer, signal: AbortSignal): Promise<void>;
  /** Somebody waits: apply what has arrived now. */
  hurry(): void;
  /** How far behind a consumer is, in whichever process it works. `database`: where its checkpoint is. */
  lag(database: Pick<ClientBase, 'query'>, consumer: string): Promise<Lag>;
}

/** Events are missing between what was applied and what came. Nothing is applied past a gap: late beats wrong. */
export class StreamGap extends Error {
  constructor(readonly consumer: string, readonly stream: string, readonly applied: number, readonly delivered: number) {
    super(`${consumer}: ${stream} has been applied up to revision ${applied}, and ${delivered} came next`);
    this.name = 'StreamGap';
  }
}

/** An event that the consumer cannot read. Skipping it would make every row after it wrong. */
export class PoisonEvent extends Error {
  constructor(readonly consumer: string, readonly stream: string, readonly revision: number, cause: unknown) {
    super(`${consumer}: cannot read revision ${revision} of ${stream}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'PoisonEvent';
  }
}

/** The rows were made from another source: its positions mean nothing here. A rebuild makes them anew. */
export class ForeignCheckpoint extends Error {
  constructor(readonly consumer: string, readonly source: string, readonly found: string) {
    super(`${consumer}: the checkpoint belongs to ${found}, not to ${source}; rebuild all read models from this log`);
    this.name = 'ForeignCheckpoint';
  }
}

/** The log does not have all that the rows were made from: they show events that it lost, and would take others in their place. */
export class LostEvents extends Error {
  /** @param found what the log has instead */
  constructor(readonly consumer: string, readonly position: string, found: string) {
    super(`${consumer}: events up to position ${position} were applied, and the log ${found}: it was restored from an older copy; stop all processes, give the log a new identity, and rebuild all read models from it`);
    this.name = 'LostEvents';
  }
}
