import type { ClientBase } from 'pg';
import type { EventLog } from '#libs/event-log';
import { accountStream } from '#libs/domain';
import { applyToBalance, balanceChangeOf, type BalanceRow, type GrantRow } from '../balance/projection.js';
import { BALANCE_COLUMNS, balanceFields, EMPTY_GRANT_COLUMNS, emptyGrantFields } from '../balance/store.js';
import { readRecord, type AccountRecord } from '../folding/account-record.js';
import { applyToHold, holdChangeOf, type OpenHold } from '../holds/projection.js';
import { HOLD_COLUMNS, holdFields } from '../holds/store.js';
import { applyToTier, paymentOf, type Tier } from '../tier/projection.js';
import { TIER_COLUMNS, tierFields } from '../tier/store.js';
import { transactionOf } from '../transactions/projection.js';
import { TRANSACTION_COLUMNS, transactionFields } from '../transactions/store.js';
import { usageOf } from '../usage-log/projection.js';
import { modelOf, USAGE_COLUMNS, usageFields } from '../usage-log/store.js';
import { DifferenceFound } from './difference.js';
import { TableRows } from './table-rows.js';

const TABLES = {
  balance: [BALANCE_COLUMNS, 'account_id'],
  empty_grant: [EMPTY_GRANT_COLUMNS, 'key'],
  open_hold: [HOLD_COLUMNS, 'hold_id'],
  transactions: [TRANSACTION_COLUMNS, 'revision'],
  usage_log: [USAGE_COLUMNS, 'revision'],
  tier: [TIER_COLUMNS, 'account_id'],
} as const;
type TableName = keyof typeof TABLES;

/** Compares the rows of some accounts with a fold of their streams, event by event, without batches, caches or the feed. */
export class AccountComparison {
  private readonly tables: Readonly<Record<TableName, TableRows>>;

  constructor(client: ClientBase, private readonly log: EventLog) {
    const rowsOf = (table: TableName): TableRows => new TableRows(client, table, TABLES[table][0]);
    this.tables = {
      balance: rowsOf('balance'), empty_grant: rowsOf('empty_grant'), open_hold: rowsOf('open_hold'),
      transactions: rowsOf('transactions'), usage_log: rowsOf('usage_log'), tier: rowsOf('tier'),
    };
  }

  /** Takes the accounts after one, up to another or all there are. */
  async open(after: string, last: string | undefined): Promise<void> {
    for (const [table, [columns, order]] of Object.entries(TABLES)) await this.tables[table as TableName].open(columns, order, after, last);
  }

  /** @throws DifferenceFound when there are rows of further accounts */
  async expectNone(): Promise<void> {
    for (const table of Object.values(this.tables)) await table.expectNone();
  }

  /** @param revision up to which the rows are said to be. Accounts come in the order of their ids. @throws DifferenceFound */
  async compare(accountId: string, revision: number): Promise<void> {
    const fold = new AccountFold();
    let last = -1;
    reading: for await (const events of this.log.read(accountStream(accountId))) {
      for (const event of events) {
        if (event.revision > revision) break reading;
        last = event.revision;
        await this.compareWork(fold, readRecord(event));
      }
    }
    if (!fold.balance || last !== revision) {
      throw new DifferenceFound({ table: 'balance', accountId, row: accountId, field: 'revision', expected: String(last), found: String(revision) });
    }
    await this.compareState(accountId, fold, fold.balance);
  }

  /** The tables that hold one row an event. */
  private async compareWork(fold: AccountFold, record: AccountRecord): Promise<void> {
    const { accountId } = record;
    const usage = usageOf(record);
    if (usage) await this.tables.usage_log.expect(accountId, usageFields(usage, modelOf(usage, fold)));
    const transaction = transactionOf(record);
    if (transaction) await this.tables.transactions.expect(accountId, transactionFields(transaction));
    fold.apply(record);
  }

  /** The tables that hold how things stand. */
  private async compareState(accountId: string, { tier, empty, holds }: AccountFold, balance: BalanceRow): Promise<void> {
    await this.tables.balance.expect(accountId, balanceFields(balance));
    for (const grant of inOrder(empty)) await this.tables.empty_grant.expect(accountId, emptyGrantFields(accountId, grant));
    for (const hold of inOrder(holds, ({ holdId }) => holdId)) await this.tables.open_hold.expect(accountId, holdFields(hold));
    if (tier) await this.tables.tier.expect(accountId, tierFields(tier));
    for (const table of Object.values(this.tables)) await table.expectEnd(accountId);
  }
}

const inOrder = <Row>(rows: ReadonlyMap<string, Row>, idOf?: (row: Row) => string): Row[] =>
  [...rows].map(([key, row]) => ({ id: idOf ? idOf(row) : key, row })).sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ row }) => row);

/** What the tables of one account should hold. */
class AccountFold {
  balance: BalanceRow | undefined;
  tier: Tier | undefined;
  readonly empty = new Map<string, GrantRow>();
  readonly holds = new Map<string, OpenHold>();

  find(key: string): OpenHold | undefined {
    return this.holds.get(key);
  }

  apply(record: AccountRecord): void {
    this.balance = applyToBalance(this.balance, balanceChangeOf(record), {
      get: (_, key) => this.empty.get(key),
      set: (_, key, grant) => { put(this.empty, key, grant); },
    });
    const change = holdChangeOf(record);
    if (change) put(this.holds, change.key, applyToHold(this.holds.get(change.key), change));
    const payment = paymentOf(record);
    if (payment) this.tier = applyToTier(this.tier, payment);
  }
}

const put = <Row>(rows: Map<string, Row>, key: string, row: Row | undefined): void => {
  if (row === undefined) rows.delete(key);
  else rows.set(key, row);
};
