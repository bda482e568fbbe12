import { open, type FileHandle } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';

export interface Reject {
  readonly line: number;
  readonly cells: readonly string[];
  readonly reason: string;
}

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
    await handle.write(textOf([['line', 'reason', ...this.header]]));
    return handle;
  }
}

const textOf = (rows: readonly (readonly string[])[]): string =>
  stringify(rows as string[][], { escape_formulas: true, record_delimiter: 'windows' });
