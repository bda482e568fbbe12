import type { SealedEvent } from '#libs/kernel';

/**
 * Where an event stands in the whole log: opaque text, fixed width, so that text order is log order. It means something
 * to the log that gave it only (see {@link EventLog.id}).
 */
export type Position = string;

/** An event as stored. Revisions count from 0 within a stream, without holes. */
export interface RecordedEvent extends SealedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

/** The revision a stream stands at; -1 for a stream that does not exist. */
export interface StreamHead {
  readonly stream: string;
  readonly revision: number;
}

export interface Appended {
  /** Revision of the last event appended; with no events, the revision confirmed. */
  readonly revision: number;
  /** Position of the last event appended; undefined when none was. */
  readonly position: Position | undefined;
}

export interface AppendOptions {
  /**
   * Other streams the decision was read from. The append is refused with {@link StaleGuard} unless each stood at its
   * revision at some instant after the call began.
   */
  readonly guards?: readonly StreamHead[];
}

export interface SubscribeOptions {
  /** Events after this position; from the very first when left out. */
  readonly after?: Position | undefined;
  /** Most events in one batch. */
  readonly batchSize?: number;
  readonly signal: AbortSignal;
}

/**
 * The log of all events: the one source of truth. An adapter may gather appends called at the same time into one commit
 * (group commit); each caller has its own outcome, and one conflict never fails the others.
 *
 * What a read shows is what was there at an instant after its call began, or later: what it lacks was not there then.
 *
 * Names, types and bodies are well-formed text without NUL; they are given back byte for byte.
 *
 * Every method rejects with BillingError unavailable/log_unavailable when the log cannot answer in time. After a
 * rejected append the outcome may be unknown: it was resolved by reading where that was possible, so a caller that
 * sends the same events again at the same revision gets the first outcome.
 */
export interface EventLog {
  /** A UUID that identifies this log for as long as its positions mean the same; a restored or moved log has another. */
  readonly id: string;

  /** Most that one append takes, as `appendBytes` counts it; more is refused with BillingError too_large/append_too_large, and nothing of it appended. */
  readonly maxAppendBytes: number;

  /**
   * Appends all of `events` to one stream, or none. `expected` is the stream's revision (-1: it does not exist).
   * With no events it confirms that the stream is at `expected` at some instant after the call began.
   * Durable and visible to every reader when it resolves. The same events at the same revision again: the first answer.
   * @throws RevisionConflict when the stream is elsewhere, StaleGuard when a guard is.
   */
  append(stream: string, events: readonly SealedEvent[], expected: number, options?: AppendOptions): Promise<Appended>;

  /** A stream's events in order from revision `from` (default 0), at most `limit`; nothing for a stream that does not exist. Batches bound memory. */
  read(stream: string, options?: { from?: number; limit?: number }): AsyncIterable<readonly RecordedEvent[]>;

  /** The stream's revision, -1 when it does not exist; as of an instant after the call began. */
  head(stream: string): Promise<number>;

  /** All events after a position in log order, up to what is there now. */
  readAll(options?: { after?: Position | undefined; batchSize?: number }): AsyncIterable<readonly RecordedEvent[]>;

  /** Catch-up subscription: history after a position, then live. Never skips, never shows what is not committed; ends when `signal` aborts, throws when the log fails (open it again from the last position handled). */
  subscribe(options: SubscribeOptions): AsyncIterable<readonly RecordedEvent[]>;

  /** Position of the newest event; undefined for an empty log. */
  end(): Promise<Position | undefined>;

  close(): Promise<void>;
}

/** The stream was not at the expected revision; nothing was appended. */
export class RevisionConflict extends Error {
  constructor(readonly stream: string, readonly expected: number, readonly actual: number) {
    super(`${stream} is at revision ${actual}, not ${expected}`);
    this.name = 'RevisionConflict';
  }
}

/** A guard stream was not at the revision the decision was read from; nothing was appended. */
export class StaleGuard extends Error {
  constructor(readonly stream: string, readonly expected: number, readonly actual: number) {
    super(`guard ${stream} is at revision ${actual}, not ${expected}`);
    this.name = 'StaleGuard';
  }
}
