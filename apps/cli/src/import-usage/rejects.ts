import { open, rm, type FileHandle } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { Failure } from '#libs/process';
import type { Row } from './rows.js';

export interface Reject {
  readonly line: number;
  readonly cells: readonly string[];
  readonly reason: string;
}

/** Stand before the columns of the file that is imported. */
const ADDED: readonly string[] = ['line', 'reason'];

const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/**
 * Finds out before anything is billed whether rejected rows can be written down. Nothing is left behind, and what is there stays.
 * @throws Failure
 */
export const requireRejectsFile = async (path: string): Promise<void> => {
  try {
    const made = await open(path, 'wx').catch((error: unknown) => { if (!isThere(error)) throw error; });
    await (made ?? await open(path, 'a')).close();
    if (made) await rm(path);
  } catch (error) {
    throw new Failure(`Rejected rows cannot be written to ${path} (${(error as NodeJS.ErrnoException).code}); nothing was billed. Name another file with --rejects.`, { cause: error });
  }
};

/**
 * The rows that were not billed, with why, as CSV that a spreadsheet can open without running any of it (a cell that
 * would be a formula gets a quote before it). Mended, the file can itself be imported. Made with the first such row.
 */
export class RejectsFile {
  private handle: FileHandle | undefined;

  constructor(readonly path: string, private readonly header: readonly string[]) {}

  async add(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length === 0) return;
    this.handle ??= await this.create();
    await this.handle.write(textOf(rejects.map(({ line, cells, reason }) => [String(line), reason, ...cells])));
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }

  private async create(): Promise<FileHandle> {
    const handle = await open(this.path, 'w');
    await handle.write(textOf([[...ADDED, ...this.header]]));
    return handle;
  }
}

const textOf = (rows: readonly (readonly string[])[]): string =>
  stringify(rows as string[][], { escape_formulas: true, record_delimiter: 'windows' });

/** What csv-stringify takes for the beginning of a formula, behind its quote. */
const QUOTED_FORMULA = /^'(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/;

/** Rows of a rejects file as they were before they were written there; those of another file as they are. */
export async function* asImported(rows: AsyncIterable<Row>, header: readonly string[]): AsyncGenerator<Row> {
  const wereRejected = ADDED.every((name, at) => header[at] === name);
  for await (const row of rows) yield wereRejected ? { ...row, cells: row.cells.map((cell) => cell.replace(QUOTED_FORMULA, '')) } : row;
}
