import type { ApiClient } from '../client/api-client.js';
import { Failure } from '#libs/process';
import type { Progress } from '../terminal/progress.js';
import { batchesOf, type Item } from './batches.js';
import { findColumns, type ColumnNames } from './columns.js';
import { Content } from './content-hash.js';
import { linesOf } from './lines.js';
import { asImported, RejectsFile } from './rejects.js';
import { rowsOf, type Row } from './rows.js';
import { sendBatch, type Outcome } from './send.js';
import type { Tally } from './tally.js';

/** Requests under way at once: one is priced and written while the next is read. */
const AT_ONCE = 4;

export interface BilledFileParts {
  readonly file: string;
  readonly content: { readonly hash: string; readonly bytes: number };
  readonly columns: ColumnNames;
  readonly rejectsPath: string;
  readonly client: ApiClient;
  readonly account: string;
  /** Rows sent at once. */
  readonly batch: number;
  readonly progress: Pick<Progress, 'update'>;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** Finds the columns before anything is started or sent. @throws Failure */
export const requireColumns = async (file: string, columns: ColumnNames): Promise<void> => {
  const rows = rowsOf(linesOf(new Content(file).chunks()));
  findColumns(file, await headerOf(rows, file), columns);
  await rows.return(undefined);
};

/** A usage file on its way to an account: read in one go, however long it is, with a few batches in memory. */
export class BilledFile {
  constructor(private readonly parts: BilledFileParts) {}

  /** Bills every row once, and writes down those that cannot be billed. Done again, it changes nothing. */
  async bill(): Promise<void> {
    const { file, content, columns, rejectsPath, account, batch, signal } = this.parts;
    const read = new Content(file);
    const rows = rowsOf(linesOf(read.chunks()));
    const header = await headerOf(rows, file);
    // An id column says which row it is, in whatever file; without one the file and the line do.
    const source = columns.id === undefined ? `import:${content.hash.slice(0, 32)}` : 'import';
    const batches = batchesOf(asImported(rows, header), batch, { account, source, columns: findColumns(file, header, columns) });
    const rejects = new RejectsFile(rejectsPath, header);
    try {
      await this.send(batches, rejects);
    } finally {
      await rejects.close();
    }
    // Its rows were told apart by content that is no longer there: imported again, they would count as others.
    if (!signal.aborted && read.hash() !== content.hash) throw new Failure(`${file} changed while it was imported; import a copy that stays as it is.`);
  }

  /** Batches are sent side by side and reported in the order of the file. */
  private async send(batches: AsyncIterable<readonly Item[]>, rejects: RejectsFile): Promise<void> {
    const { client, signal } = this.parts;
    const underWay: { readonly items: readonly Item[]; readonly outcomes: Promise<Outcome[]> }[] = [];
    const finishOldest = async (): Promise<void> => {
      const oldest = underWay.shift();
      if (oldest) await this.report(oldest.items, await oldest.outcomes, rejects);
    };
    for await (const items of batches) {
      const outcomes = sendBatch(client, items, signal);
      outcomes.catch(() => undefined); // it is awaited below, or not at all once another has failed
      underWay.push({ items, outcomes });
      if (underWay.length >= AT_ONCE) await finishOldest();
      if (signal.aborted) break;
    }
    while (underWay.length > 0) await finishOldest();
  }

  private async report(items: readonly Item[], outcomes: readonly Outcome[], rejects: RejectsFile): Promise<void> {
    const { tally, progress } = this.parts;
    for (const outcome of outcomes) tally.add(outcome);
    await rejects.add(items.flatMap(({ row: { line, cells } }, index) => {
      const outcome = outcomes[index];
      return outcome?.kind === 'rejected' ? [{ line, cells, reason: outcome.reason }] : [];
    }));
    progress.update(items.at(-1)?.row.end ?? 0, tally.note());
  }
}

/** Control characters, other than those that may stand in a header. */
const NO_TEXT = /[^\P{Cc}\t\n]/u;

const headerOf = async (rows: AsyncGenerator<Row>, file: string): Promise<readonly string[]> => {
  const { value, done } = await rows.next();
  if (done) throw new Failure(`${file} has no header.`);
  // They would do to the terminal whatever they please, once columns are named there.
  if (value.cells.some((cell) => NO_TEXT.test(cell))) throw new Failure(`${file} is not UTF-8 text with a header; save it as CSV in UTF-8 first.`);
  return value.cells;
};
