import type { ClientBase } from 'pg';
import type { Field } from '../database/copy.js';
import { DifferenceFound } from './difference.js';
import { isSame } from './same.js';

const FETCHED_AT_ONCE = 1_000;
const AS_TEXT = { getTypeParser: () => (value: string) => value } as unknown as { getTypeParser: () => never };

type Row = readonly (string | null)[];

/** The rows of some accounts in one table, in order, read along with what they should be: little memory however many there are. */
export class TableRows {
  private readonly names: readonly string[];
  private rows: readonly Row[] = [];
  private at = 0;
  private ended = false;

  /** @param columns the account's id first */
  constructor(private readonly client: ClientBase, private readonly table: string, columns: string) {
    this.names = columns.split(',').map((name) => name.trim().replaceAll('"', ''));
  }

  /** @param last the last account; all there are when left out */
  async open(columns: string, order: string, after: string, last: string | undefined): Promise<void> {
    await this.client.query(
      `DECLARE compare_${this.table} NO SCROLL CURSOR FOR SELECT ${columns} FROM read.${this.table}
        WHERE account_id > $1 AND ($2::text IS NULL OR account_id <= $2) ORDER BY account_id, ${order}`,
      [after, last],
    );
  }

  /** @throws DifferenceFound unless the next row of the account is this one */
  async expect(accountId: string, fields: readonly Field[]): Promise<void> {
    const row = await this.next(accountId);
    if (!row) throw new DifferenceFound({ table: this.table, accountId, row: textOf(fields), field: undefined, expected: 'a row', found: 'none' });
    const at = fields.findIndex((field, column) => !isSame(field, row[column] ?? null));
    if (at < 0) return;
    throw new DifferenceFound({
      table: this.table, accountId, row: textOf(fields), field: this.names[at], expected: String(fields[at] ?? null), found: String(row[at] ?? null),
    });
  }

  /** @throws DifferenceFound when the account has a further row */
  async expectEnd(accountId: string): Promise<void> {
    const row = await this.next(accountId);
    if (row) throw this.unexpected(row);
  }

  /** @throws DifferenceFound when there is any row left */
  async expectNone(): Promise<void> {
    const row = await this.peek();
    if (row) throw this.unexpected(row);
  }

  /** @throws DifferenceFound when an account that has no balance comes first */
  private async next(accountId: string): Promise<Row | undefined> {
    const row = await this.peek();
    if (row?.[0] && row[0] < accountId) throw this.unexpected(row);
    if (row?.[0] !== accountId) return undefined;
    this.at += 1;
    return row;
  }

  private async peek(): Promise<Row | undefined> {
    if (this.at === this.rows.length && !this.ended) {
      const { rows } = await this.client.query<(string | null)[]>({
        text: `FETCH ${FETCHED_AT_ONCE} FROM compare_${this.table}`, rowMode: 'array', types: AS_TEXT,
      });
      this.rows = rows;
      this.at = 0;
      this.ended = rows.length < FETCHED_AT_ONCE;
    }
    return this.rows[this.at];
  }

  private unexpected(row: Row): DifferenceFound {
    return new DifferenceFound({ table: this.table, accountId: row[0] ?? '', row: textOf(row), field: undefined, expected: 'no row', found: 'this row' });
  }
}

/** Enough of a row to find it by. */
const textOf = (fields: readonly Field[]): string => fields.slice(1, 6).map((field) => String(field ?? null)).join(', ');
