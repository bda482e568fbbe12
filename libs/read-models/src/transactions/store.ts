import { CopyRows, type Field } from '../database/copy.js';
import type { ModelWriter, Write } from '../folding/read-model.js';
import type { Transaction } from './projection.js';

export const TRANSACTION_COLUMNS = 'account_id, revision, at, type, id, amount, remaining, held, debt, paid_amount, paid_currency, pack, details';

export const transactionFields = (row: Transaction): Field[] => [
  row.accountId, row.revision, row.at, row.type, row.id, row.amount, row.remaining, row.held, row.debt,
  row.paid?.amount, row.paid?.currency, row.pack, JSON.stringify(row.details),
];

/** One row an event; never changed. */
export class TransactionsWriter implements ModelWriter<Transaction> {
  readonly onlyAdds = true;
  private readonly rows = new CopyRows();

  constructor(private readonly schema: string) {}

  async load(): Promise<void> {}

  fold(transaction: Transaction): void {
    this.rows.add(transactionFields(transaction));
  }

  take(): Write {
    return this.rows.take(`${this.schema}.transactions`, TRANSACTION_COLUMNS);
  }

  settle(): void {}
  forget(): void { this.rows.clear(); }
}
