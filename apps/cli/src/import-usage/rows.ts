import { parse } from 'csv-parse/sync';
import { counted } from '../terminal/numbers.js';
import type { Line } from './lines.js';

/** A record of a CSV file. */
export interface Row {
  /** Number of its first line. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Bytes of the file up to and with it. */
  readonly end: number;
  /** Why it cannot be read; its first line is then its only cell. */
  readonly broken?: string;
}

/** A quoted field may span lines; one that spans more than this is a quote that somebody forgot to close. */
const MAX_RECORD_LINES = 200;
const MAX_RECORD_CHARACTERS = 65_536;

/** The cells of a record; undefined when a quote in it is never closed. Quotes inside unquoted fields are text. */
const cellsOf = (text: string): string[] | undefined => {
  if (!text.includes('"')) return text.split(',');
  try {
    return parse(text, { relax_quotes: true, relax_column_count: true })[0] ?? [text];
  } catch (error) {
    if ((error as { code?: string }).code === 'CSV_QUOTE_NOT_CLOSED') return undefined;
    throw error;
  }
};

/** Lines that can be given back, to be read again. */
class Lines {
  private readonly returned: Line[] = [];

  constructor(private readonly source: AsyncIterator<Line>) {}

  async next(): Promise<Line | undefined> {
    const again = this.returned.pop();
    if (again) return again;
    const { value, done } = await this.source.next();
    return done ? undefined : value;
  }

  giveBack(lines: readonly Line[]): void {
    this.returned.push(...lines.toReversed());
  }
}

/**
 * Records of a CSV file, the header first; blank lines are skipped. A record that is damaged costs its first line alone:
 * when a quote is never closed, or closed so far down that the columns do not add up, reading goes on with the next line.
 */
export async function* rowsOf(source: AsyncIterable<Line>): AsyncGenerator<Row> {
  const iterator = source[Symbol.asyncIterator]();
  const lines = new Lines(iterator);
  let columns: number | undefined;
  try {
    for (let first = await lines.next(); first; first = await lines.next()) {
      if (first.text.trim() === '') continue;
      const row = await recordFrom(first, lines, columns);
      columns ??= row.cells.length;
      yield row;
    }
  } finally {
    await iterator.return?.(); // closes the file where not all of it was read
  }
}

const recordFrom = async (first: Line, lines: Lines, columns: number | undefined): Promise<Row> => {
  const more: Line[] = [];
  let { text, end } = first;
  let cells = cellsOf(text);
  while (!cells && more.length < MAX_RECORD_LINES && text.length < MAX_RECORD_CHARACTERS) {
    const next = await lines.next();
    if (!next) break;
    more.push(next);
    text += `\n${next.text}`;
    ({ end } = next);
    if (next.text.includes('"')) cells = cellsOf(text);
  }
  const { number: line } = first;
  const fits = cells !== undefined && (columns === undefined || cells.length === columns);
  if (cells && (fits || more.length === 0)) {
    return fits ? { line, cells, end } : { line, cells, end, broken: `it has ${counted(cells.length, 'column')}, the header has ${columns}` };
  }
  lines.giveBack(more);
  return { line, cells: [first.text], end: first.end, broken: 'a quote is opened and not closed' };
};
