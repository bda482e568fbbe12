export interface Changes<Row> {
  readonly inserted: readonly Row[];
  readonly updated: readonly Row[];
  /** As they are stored. */
  readonly deleted: readonly Row[];
}

interface Entry<Row> {
  readonly key: string;
  /** Undefined for a row that is known not to be there. */
  row: Row | undefined;
  /** What the table holds. */
  stored: Row | undefined;
  isChanged: boolean;
}

/**
 * Rows of one table while batches of events change them: read once, folded in memory, written together. What came and
 * went within a batch costs nothing. What was used lately is remembered for the batches after it.
 */
export class Rows<Row> {
  private entries = new Map<string, Entry<Row>>();
  /** What was remembered when `entries` reached the capacity; what is used again moves over. */
  private older = new Map<string, Entry<Row>>();
  private changed: Entry<Row>[] = [];

  /** @param capacity about half of the rows that are remembered */
  constructor(private readonly capacity: number) {}

  has(key: string): boolean {
    if (this.entries.has(key)) return true;
    const entry = this.older.get(key);
    if (!entry) return false;
    this.entries.set(key, entry);
    return true;
  }

  /** Takes a row over from the table; undefined when it is not there. */
  learn(key: string, row: Row | undefined): void {
    this.entries.set(key, { key, row, stored: row, isChanged: false });
  }

  get(key: string): Row | undefined {
    return this.entries.get(key)?.row;
  }

  /** Changes a row; undefined stands for a row that is not there, before and after. What it does not have is not in the table. */
  change(key: string, apply: (row: Row | undefined) => Row | undefined): void {
    let entry = this.entries.get(key);
    if (!entry) this.entries.set(key, entry = { key, row: undefined, stored: undefined, isChanged: false });
    entry.row = apply(entry.row);
    if (entry.isChanged) return;
    entry.isChanged = true;
    this.changed.push(entry);
  }

  /** What is to be written. From now on it counts as written: should that fail, all has to be forgotten. */
  take(): Changes<Row> {
    const inserted: Row[] = [];
    const updated: Row[] = [];
    const deleted: Row[] = [];
    for (const entry of this.changed) {
      const { key, row, stored } = entry;
      entry.stored = row;
      entry.isChanged = false;
      if (row === undefined) this.entries.delete(key);
      if (stored === undefined) {
        if (row !== undefined) inserted.push(row);
      } else if (row === undefined) deleted.push(stored);
      else if (row !== stored) updated.push(row);
    }
    this.changed = [];
    return { inserted, updated, deleted };
  }

  /** What was taken is in the table: whatever is forgotten now can be read again. */
  settle(): void {
    if (this.entries.size < this.capacity) return;
    this.older = this.entries;
    this.entries = new Map();
  }

  forget(): void {
    this.entries.clear();
    this.older.clear();
    this.changed = [];
  }
}
