import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { from } from 'pg-copy-streams';
import type { Instant } from '#libs/kernel';

export type Field = string | number | boolean | null | undefined;

/** PostgreSQL has no text with a zero character in it; callers' words may. */
const SPECIAL = /[\\\t\n\r\0]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\uFFFD' };

/** A column's value in PostgreSQL's text format. */
export const copyField = (field: Field): string => {
  if (field === null || field === undefined) return '\\N';
  if (typeof field !== 'string') return String(field);
  return field.replace(SPECIAL, (special) => ESCAPES[special] as string);
};

/** The one year that ISO 8601 counts and PostgreSQL calls another name. */
export const timestamp = (instant: Instant): string => (instant.startsWith('0000') ? `0001${instant.slice(4)} BC` : instant);

/** Columns of a row in PostgreSQL's text format. */
export const copyLine = (fields: readonly Field[]): string => fields.map(copyField).join('\t');

/** Large enough to be worth a write, small enough to be garbage soon. */
const LINES_AT_ONCE = 500;

/** Adds rows by COPY: several times faster than inserting them. */
export const copyInto = async (tx: ClientBase, table: string, columns: string, lines: readonly string[]): Promise<void> => {
  if (lines.length === 0) return;
  const chunks = function* chunks(): Generator<Buffer> {
    for (let at = 0; at < lines.length; at += LINES_AT_ONCE) yield Buffer.from(`${lines.slice(at, at + LINES_AT_ONCE).join('\n')}\n`);
  };
  await pipeline(Readable.from(chunks()), tx.query(from(`COPY ${table} (${columns}) FROM STDIN`)));
};
