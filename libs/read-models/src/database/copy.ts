import type { ClientBase } from 'pg';
import { from } from 'pg-copy-streams';
import type { Instant } from '#libs/kernel';

export type Field = string | number | boolean | null | undefined;

/** PostgreSQL has no text with a zero character in it; callers' words may. */
const SPECIAL = /[\\\t\n\r\0]/;
const ALL_SPECIAL = new RegExp(SPECIAL, 'g');
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\uFFFD' };

const NEWLINE = 10;

/** A column's value in PostgreSQL's text format. */
export const copyField = (field: Field): string => {
  if (field === null || field === undefined) return '\\N';
  if (typeof field !== 'string') return String(field);
  // Hardly any has one, and to look is cheaper than to replace.
  return SPECIAL.test(field) ? field.replace(ALL_SPECIAL, (special) => ESCAPES[special] as string) : field;
};

/** The one year that ISO 8601 counts and PostgreSQL calls another name. */
export const timestamp = (instant: Instant): string => (instant.startsWith('0000') ? `0001${instant.slice(4)} BC` : instant);

/** Columns of a row in PostgreSQL's text format. */
export const copyLine = (fields: readonly Field[]): string => {
  let line = copyField(fields[0]);
  for (let at = 1; at < fields.length; at += 1) line += `\t${copyField(fields[at])}`;
  return line;
};

const copy = (tx: ClientBase, table: string, columns: string, rows: Buffer): Promise<void> => new Promise((resolve, reject) => {
  tx.query(from(`COPY ${table} (${columns}) FROM STDIN`)).once('finish', resolve).once('error', reject).end(rows);
});

/** Adds rows by COPY: several times faster than inserting them. */
export const copyInto = async (tx: ClientBase, table: string, columns: string, lines: readonly string[]): Promise<void> => {
  if (lines.length > 0) await copy(tx, table, columns, Buffer.from(`${lines.join('\n')}\n`));
};

/** Rows that wait to be added, as the bytes they will be sent as: outside of the heap, so that no garbage collection moves them. */
export class CopyRows {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  /** Holds what was taken, until that is sent. */
  private other = Buffer.allocUnsafe(64 * 1024);
  private length = 0;

  add(fields: readonly Field[]): void {
    const line = copyLine(fields);
    const most = this.length + line.length * 3 + 1; // a UTF-16 unit takes at most three bytes
    if (most > this.buffer.length) this.buffer = Buffer.concat([this.buffer.subarray(0, this.length)], Math.max(most, this.buffer.length * 2));
    this.length += this.buffer.write(line, this.length);
    this.length = this.buffer.writeUInt8(NEWLINE, this.length);
  }

  /** The rows so far, to be sent before more are taken. */
  take(table: string, columns: string): (tx: ClientBase) => Promise<void> {
    const rows = this.buffer.subarray(0, this.length);
    [this.buffer, this.other] = [this.other, this.buffer];
    this.length = 0;
    return async (tx) => { if (rows.length > 0) await copy(tx, table, columns, rows); };
  }

  clear(): void {
    this.length = 0;
  }
}
