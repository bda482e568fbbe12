import type { Row } from './rows.js';
import { RowError, usageEventOf, type UsageEvent, type UsageEventOptions } from './usage-event.js';

/** A row on its way: as usage, or with why it is none. */
export interface Item {
  readonly row: Row;
  readonly event: UsageEvent | undefined;
  readonly refusal: string | undefined;
}

const itemOf = (row: Row, options: UsageEventOptions): Item => {
  try {
    return { row, event: usageEventOf(row, options), refusal: undefined };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { row, event: undefined, refusal: error.message };
  }
};

/** Rows as usage, `size` at a time. */
export async function* batchesOf(rows: AsyncIterable<Row>, size: number, options: UsageEventOptions): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  for await (const row of rows) {
    batch.push(itemOf(row, options));
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
