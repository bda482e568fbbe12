import type { ClientBase } from 'pg';
import { copyInto, copyLine, type Field } from '../database/copy.js';
import type { ModelWriter } from '../folding/read-model.js';
import type { Transaction } from './projection.js';

export const TRANSACTION_COLUMNS = 'account_id, revision, at, type, id, amount, remaining, held, debt, paid_amount, paid_currency, pack, details';

export const transactionFields = (row: Transaction): Field[] => [
  row.accountId, row.revision, row.at, row.type, row.id, row.amount, row.remaining, row.held, row.debt,
  row.paid?.amount, row.paid?.currency, row.pack, JSON.stringify(row.details),
];

/** The row as it is written; made when the event is read, so that nothing of the event is kept. */
export const transactionLine = (row: Transaction): string => copyLine(transactionFields(row));

/** One row an event; never changed. */
export class TransactionsWriter implements ModelWriter<string> {
  private lines: string[] = [];

  constructor(private readonly schema: string) {}

  async load(): Promise<void> {}

  fold(line: string): void {
    this.lines.push(line);
  }

  async write(tx: ClientBase): Promise<void> {
    await copyInto(tx, `${this.schema}.transactions`, TRANSACTION_COLUMNS, this.lines);
  }

  settle(): void { this.lines = []; }
  forget(): void { this.lines = []; }
}
