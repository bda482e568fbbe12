/** A saved fold of a stream up to and with `revision`. Deleting it changes cost, never a result. */
export interface Snapshot {
  readonly revision: number;
  /** Hash of the event at `revision`, which the next event continues. */
  readonly hash: string;
  /** Version of the state's shape; a snapshot of another version is not used. */
  readonly version: number;
  readonly state: string;
}

/** One event that touched an id: `key` is `<kind>/<id>`. */
export interface IdUse {
  readonly key: string;
  readonly revision: number;
}

/** What the index answers, and how much of the stream it can speak of. */
export interface Found {
  /** Revision of the stored snapshot: the index has all ids used up to there, and may lack those after it. -1 without a snapshot. */
  readonly indexedTo: number;
  /** Revisions of the events that touched each key, ascending; only keys with any. */
  readonly uses: ReadonlyMap<string, readonly number[]>;
}

/**
 * What lets a process forget: snapshots, and the id index that finds ids which a snapshot no longer carries. Both are
 * derived from the log. A snapshot is saved in one transaction with the ids used up to it, so that an id is forgotten
 * only when the index has it. Kept per log: what belongs to another log is never answered.
 *
 * The database may be set back to an earlier time beneath a running process, snapshot and ids together. So whoever relies
 * on the index says or checks up to where it has to reach.
 */
export interface StreamMemory {
  load(stream: string): Promise<Snapshot | undefined>;
  /**
   * Saves the snapshot and the ids used after revision `base`, up to which the index has them (-1: these are all there
   * are). An older snapshot than the stored one changes nothing but adds its ids. Idempotent.
   * @throws MemoryRewound when the stored snapshot is below `base`; nothing was saved
   */
  save(stream: string, snapshot: Snapshot, uses: readonly IdUse[], base: number): Promise<void>;
  /** As of one instant after the call began. Calls made at the same time share a round trip. */
  find(stream: string, keys: readonly string[]): Promise<Found>;
  /** Removes a snapshot that the log contradicts, and the ids of its stream; nothing where another snapshot has taken its place. */
  discard(stream: string, snapshot: Pick<Snapshot, 'revision' | 'hash'>): Promise<void>;
}

/** The stored snapshot is older than the one that was known to be there: the ids used between the two are not in the index. */
export class MemoryRewound extends Error {
  constructor(readonly stream: string, readonly base: number, readonly stored: number) {
    super(`snapshots and ids of ${stream} reach to revision ${stored}, and reached to ${base} before: their database was set back to an earlier time; the account is read anew from the log`);
    this.name = 'MemoryRewound';
  }
}
