import path from 'node:path';
import type { ApiClient } from '../client/api-client.js';
import { withEngine, type TargetOptions } from '../client/target.js';
import { ExitCode, Failure } from '../failure.js';
import { interruptible } from '../terminal/interrupt.js';
import { counted } from '../terminal/numbers.js';
import { startProgress, type Progress } from '../terminal/progress.js';
import { batchesOf, type Item } from './batches.js';
import { findColumns, type ColumnNames } from './columns.js';
import { Content, readThrough } from './content-hash.js';
import { linesOf } from './lines.js';
import { RejectsFile } from './rejects.js';
import { rowsOf, type Row } from './rows.js';
import { sendBatch, type Outcome } from './send.js';
import { Tally } from './tally.js';

export interface ImportOptions extends TargetOptions {
  readonly account: string;
  readonly time: string;
  readonly model?: string | undefined;
  readonly modelColumn?: string | undefined;
  readonly meter?: ReadonlyMap<string, string> | undefined;
  readonly id?: string | undefined;
  readonly rejects?: string | undefined;
  readonly batch: number;
}

/** Requests under way at once: one is priced and written while the next is read. */
const AT_ONCE = 4;

/** `meterbook import-usage`: bills the rows of a file, each once, and says what became of them. */
export const importUsage = async (file: string, options: ImportOptions): Promise<void> => {
  const columns = columnNames(options);
  const rejectsPath = path.resolve(options.rejects ?? `${path.basename(file, path.extname(file))}.rejects.csv`);
  if (rejectsPath === path.resolve(file)) throw new Failure('--rejects names the file that is imported; name another.');
  const { signal, dispose } = interruptible();
  const begun = performance.now();
  try {
    const content = await readThrough(file);
    if (content.bytes === 0) throw new Failure(`${file} is empty.`);
    const progress = startProgress({ title: 'import-usage', total: content.bytes });
    const tally = new Tally();
    const onWaiting = (waiting: boolean): void => progress.note(waiting ? 'the engine does not answer; trying again…' : '');
    try {
      await withEngine(options, { signal, onWaiting }, (client) =>
        new Import({ file, content, columns, rejectsPath, client, options, progress, tally, signal }).run());
    } finally {
      progress.end();
    }
    const seconds = (performance.now() - begun) / 1_000;
    const rejects = tally.rejected === 0 ? '' : `, see ${path.relative('.', rejectsPath)}`;
    process.stdout.write(`${counted(tally.rows, 'row')} of ${file} for ${options.account} in ${seconds.toFixed(1)} s\n${tally.lines().join('\n')}${rejects}\n`);
    if (signal.aborted) {
      process.stderr.write('meterbook: stopped before the end; the same command again goes on from there\n');
      process.exitCode = ExitCode.interrupted;
    } else process.exitCode = tally.rejected === 0 ? ExitCode.ok : ExitCode.someRejected;
  } finally {
    dispose();
  }
};

const columnNames = ({ time, meter: meters = new Map(), model, modelColumn, id }: ImportOptions): ColumnNames => {
  if (model === undefined && modelColumn === undefined) throw new Failure('Which model was used is needed: pass --model, or --model-column.');
  return { time, meters, id, model: modelColumn === undefined ? { name: model as string } : { column: modelColumn } };
};

interface ImportParts {
  readonly file: string;
  readonly content: { readonly hash: string; readonly bytes: number };
  readonly columns: ColumnNames;
  readonly rejectsPath: string;
  readonly client: ApiClient;
  readonly options: Pick<ImportOptions, 'account' | 'batch'>;
  readonly progress: Progress;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

class Import {
  constructor(private readonly parts: ImportParts) {}

  async run(): Promise<void> {
    const { file, content, columns, rejectsPath, options: { account, batch }, signal } = this.parts;
    const read = new Content(file);
    const rows = rowsOf(linesOf(read.chunks()));
    const header = await headerOf(rows, file);
    // An id column says which row it is, in whatever file; without one the file and the line do.
    const source = columns.id === undefined ? `import:${content.hash.slice(0, 32)}` : 'import';
    const batches = batchesOf(rows, batch, { account, source, columns: findColumns(file, header, columns) });
    const rejects = new RejectsFile(rejectsPath, header);
    try {
      await this.bill(batches, rejects);
    } finally {
      await rejects.close();
    }
    // Its rows were told apart by content that is no longer there: imported again, they would count as others.
    if (!signal.aborted && read.hash() !== content.hash) throw new Failure(`${file} changed while it was imported; import a copy that stays as it is.`);
  }

  /** Batches are sent side by side and reported in the order of the file. */
  private async bill(batches: AsyncIterable<readonly Item[]>, rejects: RejectsFile): Promise<void> {
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

const headerOf = async (rows: AsyncGenerator<Row>, file: string): Promise<readonly string[]> => {
  const { value, done } = await rows.next();
  if (done) throw new Failure(`${file} has no header.`);
  if (value.cells.some((cell) => cell.includes('\0'))) throw new Failure(`${file} is not UTF-8 text; save it as UTF-8 first.`);
  return value.cells;
};
