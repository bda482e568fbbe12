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

/**
 * What lets a process forget: snapshots, and the id index that finds ids which a snapshot no longer carries. Both are
 * derived from the log. A snapshot is saved in one transaction with the ids used up to it, so that an id is forgotten
 * only when the index has it. Kept per log: what belongs to another log is never answered.
 */
export interface StreamMemory {
  load(stream: string): Promise<Snapshot | undefined>;
  /** Saves the snapshot and the ids used after the previous one. An older snapshot than the stored one changes nothing but adds its ids. Idempotent. */
  save(stream: string, snapshot: Snapshot, uses: readonly IdUse[]): Promise<void>;
  /** Revisions of the events that touched each key, ascending; only keys with any. Calls made at the same time share a round trip. */
  find(stream: string, keys: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>>;
}
