export interface Changes<Row> {
  readonly inserted: readonly Row[];
  readonly updated: readonly Row[];
  /** As they are stored. */
  readonly deleted: readonly Row[];
}

/**
 * Rows of one table while batches of events change them: read once, folded in memory, written together. What came and
 * went within a batch costs nothing. What was used lately is remembered for the batches after it.
 */
export class Rows<Row> {
  /** Undefined for a row that is known not to be there. */
  private rows = new Map<string, Row | undefined>();
  /** What was remembered before `rows` had reached the capacity; what is used again moves over. */
  private older = new Map<string, Row | undefined>();
  /** What the table holds, for rows that differ from it. */
  private readonly stored = new Map<string, Row | undefined>();

  /** @param capacity about half of the rows that are remembered */
  constructor(private readonly capacity: number) {}

  has(key: string): boolean {
    if (this.rows.has(key)) return true;
    if (!this.older.has(key)) return false;
    this.rows.set(key, this.older.get(key));
    return true;
  }

  /** Takes a row over from the table; undefined when it is not there. */
  learn(key: string, row: Row | undefined): void {
    this.rows.set(key, row);
  }

  get(key: string): Row | undefined {
    return this.rows.get(key);
  }

  /** Changes a row that it has; undefined removes it. */
  set(key: string, row: Row | undefined): void {
    if (!this.stored.has(key)) this.stored.set(key, this.rows.get(key));
    this.rows.set(key, row);
  }

  changes(): Changes<Row> {
    const inserted: Row[] = [];
    const updated: Row[] = [];
    const deleted: Row[] = [];
    for (const [key, before] of this.stored) {
      const now = this.rows.get(key);
      if (before === undefined) {
        if (now !== undefined) inserted.push(now);
      } else if (now === undefined) deleted.push(before);
      else if (now !== before) updated.push(now);
    }
    return { inserted, updated, deleted };
  }

  /** The table has been brought up to date. */
  settle(): void {
    for (const key of this.stored.keys()) if (this.rows.get(key) === undefined) this.rows.delete(key);
    this.stored.clear();
    if (this.rows.size < this.capacity) return;
    this.older = this.rows;
    this.rows = new Map();
  }

  forget(): void {
    this.rows.clear();
    this.older.clear();
    this.stored.clear();
  }
}
