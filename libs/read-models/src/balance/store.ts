import type { ClientBase } from 'pg';
import type { Instant } from '#libs/kernel';
import { copyInto, copyLine, type Field } from '../database/copy.js';
import type { ModelWriter, Write } from '../folding/read-model.js';
import { Rows, type Changes } from '../folding/rows.js';
import { applyToBalance, grantsDueAt, readGrant, storedGrant, type BalanceChange, type BalanceRow, type EmptyGrants, type GrantRow, type StoredGrant } from './projection.js';

const REMEMBERED = 10_000;
export const BALANCE_COLUMNS = 'account_id, catalog, unit, scale, mode, time_zone, opened_at, revision, remaining, held, debt, grants, grant_due_at';

interface StoredBalance {
  readonly account_id: string; readonly catalog: string; readonly unit: string; readonly scale: number; readonly mode: string;
  readonly time_zone: string; readonly opened_at: Date; readonly revision: number;
  readonly remaining: string; readonly held: string; readonly debt: string; readonly grants: readonly StoredGrant[];
}

const balanceOf = (row: StoredBalance): BalanceRow => ({
  accountId: row.account_id, catalog: row.catalog, unit: row.unit, scale: row.scale, mode: row.mode, timeZone: row.time_zone,
  openedAt: row.opened_at.toISOString(), revision: row.revision, remaining: row.remaining, held: row.held, debt: row.debt,
  grants: row.grants.map(readGrant),
});

const grantsText = ({ grants }: BalanceRow): string => JSON.stringify(grants.map(storedGrant));
export const balanceFields = (row: BalanceRow): Field[] => [
  row.accountId, row.catalog, row.unit, row.scale, row.mode, row.timeZone, row.openedAt, row.revision, row.remaining, row.held, row.debt,
  grantsText(row), grantsDueAt(row),
];

export const EMPTY_GRANT_COLUMNS = 'account_id, key, state';
export const emptyGrantFields = (accountId: string, grant: GrantRow): Field[] => [accountId, grant.key, JSON.stringify(storedGrant(grant))];

const emptyKey = (accountId: string, grant: string): string => `${accountId}/${grant}`;

/** Empty grants by their account, for what a refund may put back into them. */
interface EmptyGrant { readonly accountId: string; readonly grant: GrantRow }

/** One row an account: what it stands at, with its grants. */
export class BalanceWriter implements ModelWriter<BalanceChange> {
  private readonly rows = new Rows<BalanceRow>(REMEMBERED);
  private readonly empty = new Rows<EmptyGrant>(REMEMBERED);

  private readonly emptyGrants: EmptyGrants = {
    get: (accountId, key) => this.empty.get(emptyKey(accountId, key))?.grant,
    set: (accountId, key, grant) => { this.empty.change(emptyKey(accountId, key), () => grant && { accountId, grant }); },
  };

  constructor(private readonly schema: string) {}

  async load(tx: ClientBase, changes: readonly BalanceChange[]): Promise<void> {
    const unknown: string[] = [];
    for (const { accountId, opened } of changes) {
      if (this.rows.has(accountId)) continue;
      this.rows.learn(accountId, undefined);
      if (!opened) unknown.push(accountId); // one that is opened just now is not there yet
    }
    if (unknown.length > 0) await this.read(tx, unknown);
    await this.loadEmpty(tx, changes);
  }

  /** The revisions applied so far; -1 for accounts that are not there. */
  async revisions(tx: ClientBase, accountIds: readonly string[]): Promise<number[]> {
    const unknown = accountIds.filter((accountId) => !this.rows.has(accountId));
    for (const accountId of unknown) this.rows.learn(accountId, undefined);
    if (unknown.length > 0) await this.read(tx, unknown);
    return accountIds.map((accountId) => this.rows.get(accountId)?.revision ?? -1);
  }

  fold(change: BalanceChange): void {
    this.rows.change(change.accountId, (row) => applyToBalance(row, change, this.emptyGrants));
  }

  take(): Write {
    const { inserted, updated } = this.rows.take();
    const empty = this.empty.take();
    return async (tx) => {
      await copyInto(tx, `${this.schema}.balance`, BALANCE_COLUMNS, inserted.map((row) => copyLine(balanceFields(row))));
      await this.update(tx, updated);
      await this.writeEmpty(tx, empty);
    };
  }

  settle(): void {
    this.rows.settle();
    this.empty.settle();
  }

  forget(): void {
    this.rows.forget();
    this.empty.forget();
  }

  private async read(tx: ClientBase, accountIds: readonly string[]): Promise<void> {
    const { rows } = await tx.query<StoredBalance>({
      name: `load ${this.schema}.balance`,
      text: `SELECT ${BALANCE_COLUMNS} FROM unnest($1::text[]) AS wanted (account_id) JOIN ${this.schema}.balance USING (account_id)`,
      values: [accountIds],
    });
    for (const row of rows) this.rows.learn(row.account_id, balanceOf(row));
  }

  private async update(tx: ClientBase, rows: readonly BalanceRow[]): Promise<void> {
    if (rows.length === 0) return;
    const columns: [string[], number[], string[], string[], string[], string[], (Instant | null)[]] = [[], [], [], [], [], [], []];
    for (const row of rows) {
      columns[0].push(row.accountId);
      columns[1].push(row.revision);
      columns[2].push(row.remaining);
      columns[3].push(row.held);
      columns[4].push(row.debt);
      columns[5].push(grantsText(row));
      columns[6].push(grantsDueAt(row));
    }
    await tx.query({
      name: `update ${this.schema}.balance`,
      text: `UPDATE ${this.schema}.balance AS balance
        SET revision = new.revision, remaining = new.remaining, held = new.held, debt = new.debt, grants = new.grants, grant_due_at = new.grant_due_at
        FROM unnest($1::text[], $2::integer[], $3::numeric[], $4::numeric[], $5::numeric[], $6::json[], $7::timestamptz[])
          AS new (account_id, revision, remaining, held, debt, grants, grant_due_at)
        WHERE balance.account_id = new.account_id`,
      values: columns,
    });
  }

  /** Only a refund looks into grants that were emptied before. */
  private async loadEmpty(tx: ClientBase, changes: readonly BalanceChange[]): Promise<void> {
    const accounts: string[] = [];
    const grants: string[] = [];
    for (const { accountId, refilled } of changes) {
      for (const grant of refilled) {
        const key = emptyKey(accountId, grant);
        if (this.empty.has(key)) continue;
        this.empty.learn(key, undefined);
        accounts.push(accountId);
        grants.push(grant);
      }
    }
    if (grants.length === 0) return;
    const { rows } = await tx.query<{ account_id: string; state: StoredGrant }>({
      name: `load ${this.schema}.empty_grant`,
      text: `SELECT account_id, state FROM unnest($1::text[], $2::text[]) AS wanted (account_id, key) JOIN ${this.schema}.empty_grant USING (account_id, key)`,
      values: [accounts, grants],
    });
    for (const { account_id: accountId, state } of rows) this.empty.learn(emptyKey(accountId, state.key), { accountId, grant: readGrant(state) });
  }

  private async writeEmpty(tx: ClientBase, { inserted, deleted }: Changes<EmptyGrant>): Promise<void> {
    if (deleted.length > 0) {
      await tx.query({
        name: `delete ${this.schema}.empty_grant`,
        text: `DELETE FROM ${this.schema}.empty_grant AS empty USING unnest($1::text[], $2::text[]) AS gone (account_id, key)
          WHERE empty.account_id = gone.account_id AND empty.key = gone.key`,
        values: [deleted.map(({ accountId }) => accountId), deleted.map(({ grant }) => grant.key)],
      });
    }
    await copyInto(tx, `${this.schema}.empty_grant`, EMPTY_GRANT_COLUMNS,
      inserted.map(({ accountId, grant }) => copyLine(emptyGrantFields(accountId, grant))));
  }
}
