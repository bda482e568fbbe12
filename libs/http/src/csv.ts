import { Readable, pipeline } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { FastifyReply } from 'fastify';

/** What a spreadsheet would run as a formula when it opens the file. */
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^-?[0-9]+(?:\.[0-9]+)?$/;

/** A quote before what could run as a formula; a negative number cannot, and stays one. */
export const safeCell = (text: string): string => (FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text);

export type CsvRow = Readonly<Record<string, string | number | boolean | null | undefined>>;

async function* rowsOf(batches: AsyncIterable<readonly CsvRow[]>): AsyncIterable<CsvRow> {
  for await (const batch of batches) yield* batch;
}

/** RFC 4180 text of rows that may never end: each batch is asked for when the last one has been taken. */
export const csvStream = (batches: AsyncIterable<readonly CsvRow[]>, columns: readonly string[]): Readable => {
  const text = stringify({
    header: true, columns: [...columns], record_delimiter: 'windows', quoted_match: /[\r\n]/,
    cast: { string: safeCell, number: String, boolean: String },
  });
  // A failed source ends the answer short of its last chunk, which the client sees as an error: a cut file never looks whole.
  pipeline(Readable.from(rowsOf(batches)), text, () => undefined);
  return text;
};

/** Streams rows as a file to download, as fast as the client takes them. */
export const sendCsv = (reply: FastifyReply, fileName: string, batches: AsyncIterable<readonly CsvRow[]>, columns: readonly string[]): FastifyReply => reply
  .header('Content-Type', 'text/csv; charset=utf-8')
  .header('Content-Disposition', `attachment; filename="${fileName}"`)
  .send(csvStream(batches, columns));
