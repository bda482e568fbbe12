import path from 'node:path';
import { withEngine, type TargetOptions } from '../client/target.js';
import { ExitCode, Failure, interruptible } from '#libs/process';
import { counted } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';
import { BilledFile, requireColumns } from './billed-file.js';
import type { ColumnNames } from './columns.js';
import { readThrough } from './content-hash.js';
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

/** `meterbook import-usage`: bills the rows of a file, each once, and says what became of them. */
export const importUsage = async (file: string, options: ImportOptions): Promise<void> => {
  const columns = columnNames(options);
  const rejectsPath = path.resolve(options.rejects ?? `${path.basename(file, path.extname(file))}.rejects.csv`);
  if (rejectsPath === path.resolve(file)) throw new Failure('--rejects names the file that is imported; name another.');
  await requireColumns(file, columns);

  const { signal, dispose } = interruptible();
  const begun = performance.now();
  const content = await readThrough(file);
  const progress = startProgress({ title: 'import-usage', total: content.bytes });
  const onWaiting = (waiting: boolean): void => progress.note(waiting ? 'the engine does not answer; trying again…' : '');
  const tally = new Tally();
  try {
    await withEngine(options, { signal, onWaiting }, (client) =>
      new BilledFile({ file, content, columns, rejectsPath, client, ...options, progress, tally, signal }).bill());
  } finally {
    progress.end();
    dispose();
  }

  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  const rejects = tally.rejected === 0 ? '' : `, see ${path.relative('.', rejectsPath)}`;
  process.stdout.write(`${counted(tally.rows, 'row')} of ${file} for ${options.account} in ${seconds} s\n${tally.lines().join('\n')}${rejects}\n`);
  if (signal.aborted) process.stderr.write('meterbook: stopped before the end; the same command again goes on from there\n');
  process.exitCode = signal.aborted ? ExitCode.interrupted : tally.rejected === 0 ? ExitCode.ok : ExitCode.someRejected;
};

const columnNames = ({ time, meter: meters = new Map(), model, modelColumn, id }: ImportOptions): ColumnNames => {
  if (modelColumn === undefined && model === undefined) throw new Failure('Which model was used is needed: pass --model, or --model-column.');
  return { time, meters, id, model: modelColumn === undefined ? { name: model as string } : { column: modelColumn } };
};
