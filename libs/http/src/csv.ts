import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { stringify, type Options } from 'csv-stringify/sync';
import type { FastifyReply } from 'fastify';
import { turnOfItsOwn } from './turns.js';

/** What a spreadsheet would run as a formula when it opens the file. */
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^-?[0-9]+(?:\.[0-9]+)?$/;

/** A quote before what could run as a formula; a negative number cannot, and stays one. */
export const safeCell = (text: string): string => (FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text);

export type CsvRow = Readonly<Record<string, string | number | boolean | null | undefined>>;

const FORM: Options = {
  record_delimiter: 'windows', quoted_match: /[\r\n]/,
  cast: { string: safeCell, number: String, boolean: String },
};

async function* textOf<Item>(batches: AsyncIterable<readonly Item[]>, rowOf: (item: Item) => CsvRow, columns: readonly string[]): AsyncGenerator<string> {
  yield stringify([columns], FORM);
  for await (const batch of batches) {
    await turnOfItsOwn();
    yield stringify(batch.map(rowOf), { ...FORM, columns });
  }
}

/**
 * RFC 4180 text of rows that may never end: each batch is asked for when the last one has been taken. A failed source ends
 * the answer short of its last chunk, which the client sees as an error: a cut file never looks whole.
 * @param batches small ones: each is written in one go
 */
export const csvStream = <Item>(batches: AsyncIterable<readonly Item[]>, rowOf: (item: Item) => CsvRow, columns: readonly string[]): Readable =>
  Readable.from(textOf(batches, rowOf, columns));

/** Streams rows as a file to download, as fast as the client takes them. */
export const sendCsv = <Item>(
  reply: FastifyReply, fileName: string, batches: AsyncIterable<readonly Item[]>, rowOf: (item: Item) => CsvRow, columns: readonly string[],
): StreamableFile => {
  reply.header('Content-Type', 'text/csv; charset=utf-8').header('Content-Disposition', `attachment; filename="${fileName}"`);
  return new StreamableFile(csvStream(batches, rowOf, columns));
};
