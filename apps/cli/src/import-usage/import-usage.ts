import path from 'node:path';
import { withEngine, type TargetOptions } from '../client/target.js';
import { ExitCode, Failure, interruptible } from '#libs/process';
import { counted } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';
import { BilledFile, requireColumns } from './billed-file.js';
import type { ColumnNames } from './columns.js';
import { readThrough } from './content-hash.js';
import { requireRejectsFile } from './rejects.js';
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
  await requireRejectsFile(rejectsPath);

  const { signal, dispose } = interruptible();
  const begun = performance.now();
  const content = await readThrough(file);
  const progress = startProgress({ title: 'import-usage', total: content.bytes });
  const onWaiting = (waiting: boolean): void => progress.note(waiting ? 'the engine does not answer; trying again…' : '');
  const tally = new Tally();
  const rejected = path.relative('.', rejectsPath);
  const tell = (): void => {
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    const lines = [`${counted(tally.rows, 'row')} of ${file} for ${options.account} in ${seconds} s`, ...tally.lines(), ...toMend(file, rejected, tally, options)];
    process.stdout.write(`${lines.join('\n')}\n`);
  };
  await withEngine(options, { signal, onWaiting }, (client) =>
    new BilledFile({ file, content, columns, rejectsPath, client, ...options, progress, tally, signal }).bill())
    .finally(() => {
      progress.end();
      dispose();
    })
    .catch((error: unknown) => {
      // What was charged was charged, whatever came after it.
      if (tally.rows > 0) tell();
      throw error;
    });
  tell();
  if (signal.aborted) process.stderr.write('meterbook: stopped before the end; the same command again goes on from there\n');
  process.exitCode = signal.aborted ? ExitCode.interrupted : tally.rejected === 0 ? ExitCode.ok : ExitCode.someRejected;
};

/** What to do about rows that were rejected: a file that was changed is another one, with rows that were never billed. */
const toMend = (file: string, rejected: string, tally: Tally, { id }: ImportOptions): string[] => (tally.rejected === 0 ? [] : [
  `Mend what was rejected in ${rejected} and import that, with the same options${id === undefined ? `; ${file} itself, once changed, would be billed again from its first row` : ''}.`,
]);

const columnNames = ({ time, meter: meters = new Map(), model, modelColumn, id }: ImportOptions): ColumnNames => {
  if (modelColumn === undefined && model === undefined) throw new Failure('Which model was used is needed: pass --model, or --model-column.');
  return { time, meters, id, model: modelColumn === undefined ? { name: model as string } : { column: modelColumn } };
};
