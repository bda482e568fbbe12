import type { Row, RowWriter } from './rows.js';

interface Waiting {
  readonly row: Row;
  readonly resolve: (position: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Group commit at its simplest: while one insert is in flight the rows of the next gather. */
export class GroupCommit {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(private readonly writer: RowWriter) {}

  /** Resolves with the row's position once it is durable. */
  append(row: Row): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ row, resolve, reject });
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    // What else arrives in this turn of the event loop shares the commit.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        const first = await this.writer.insert(batch.map(({ row }) => row));
        batch.forEach(({ resolve }, index) => { resolve(first + index); });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.busy = false;
  }
}
