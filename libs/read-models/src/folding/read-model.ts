import type { ClientBase } from 'pg';

/** Writes to the database, in a transaction of its caller. */
export type Write = (tx: ClientBase) => Promise<void>;

/**
 * Brings the tables of one read model up to date, a batch of changes at a time, in a transaction that its caller opens. A
 * change is what one event says to this model, read from the event without looking at any row.
 */
export interface ModelWriter<Change> {
  /** Its rows are never read again here, so that they may be written in several parts as well as at the end. */
  readonly onlyAdds?: boolean;
  /** Reads the rows which these changes are about, where it does not remember them. */
  load(tx: ClientBase, changes: readonly Change[]): Promise<void>;
  /** Applies one change; in memory. Changes of an account come in their order, each once. */
  fold(change: Change): void;
  /** What has been folded since the last time, to be written. Folding may go on meanwhile; should the writing fail, all has to be forgotten. */
  take(): Write;
  /** What was taken is durable. */
  settle(): void;
  /** What it remembers may be wrong. */
  forget(): void;
}

export type ReadModelName = 'balance' | 'holds' | 'transactions' | 'usage-log' | 'tier';
