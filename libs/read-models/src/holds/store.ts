import type { ClientBase } from 'pg';
import { copyInto, copyLine, type Field } from '../database/copy.js';
import type { ModelWriter, Write } from '../folding/read-model.js';
import { Rows, type Changes } from '../folding/rows.js';
import { applyToHold, keyOfHold, type HoldChange, type OpenHold } from './projection.js';

const REMEMBERED = 10_000;
export const HOLD_COLUMNS = 'account_id, hold_id, placed_at, expires_at, amount, held, charged, model';

export const holdFields = (hold: OpenHold): Field[] =>
  [hold.accountId, hold.holdId, hold.placedAt, hold.expiresAt, hold.amount, hold.held, hold.charged, hold.model];

interface HoldRow {
  readonly account_id: string; readonly hold_id: string; readonly placed_at: Date; readonly expires_at: Date;
  readonly amount: string; readonly held: string; readonly charged: string; readonly model: string | null;
}

const holdOf = (row: HoldRow): OpenHold => ({
  accountId: row.account_id, holdId: row.hold_id, placedAt: row.placed_at.toISOString(), expiresAt: row.expires_at.toISOString(),
  amount: row.amount, held: row.held, charged: row.charged, model: row.model ?? undefined,
});

/** Open holds: those placed and closed within one batch never reach the table. */
export class HoldsWriter implements ModelWriter<HoldChange> {
  private readonly rows = new Rows<OpenHold>(REMEMBERED);

  constructor(private readonly schema: string) {}

  async load(tx: ClientBase, changes: readonly HoldChange[]): Promise<void> {
    const unknown: string[] = [];
    for (const { key, does } of changes) {
      if (this.rows.has(key)) continue;
      this.rows.learn(key, undefined);
      if (does !== 'place') unknown.push(key); // ids are used once: one just placed cannot be there
    }
    if (unknown.length === 0) return;
    const { rows } = await tx.query<HoldRow>({
      name: `load ${this.schema}.open_hold`,
      text: `SELECT ${HOLD_COLUMNS} FROM unnest($1::text[], $2::text[]) AS wanted (account_id, hold_id) JOIN ${this.schema}.open_hold USING (account_id, hold_id)`,
      values: [unknown.map((key) => key.slice(0, key.indexOf('/'))), unknown.map((key) => key.slice(key.indexOf('/') + 1))],
    });
    for (const row of rows) {
      const hold = holdOf(row);
      this.rows.learn(keyOfHold(hold), hold);
    }
  }

  /** A hold as it stands; undefined when it is not open. */
  find(key: string): OpenHold | undefined {
    return this.rows.get(key);
  }

  fold(change: HoldChange): void {
    this.rows.change(change.key, (hold) => applyToHold(hold, change));
  }

  take(): Write {
    const changes = this.rows.take();
    return (tx) => this.write(tx, changes);
  }

  settle(): void { this.rows.settle(); }
  forget(): void { this.rows.forget(); }

  private async write(tx: ClientBase, { inserted, updated, deleted }: Changes<OpenHold>): Promise<void> {
    // Increases and partial captures are rare: such a row is written anew.
    const gone = [...deleted, ...updated];
    if (gone.length > 0) {
      await tx.query({
        name: `delete ${this.schema}.open_hold`,
        text: `DELETE FROM ${this.schema}.open_hold AS hold USING unnest($1::text[], $2::text[]) AS gone (account_id, hold_id)
          WHERE hold.account_id = gone.account_id AND hold.hold_id = gone.hold_id`,
        values: [gone.map(({ accountId }) => accountId), gone.map(({ holdId }) => holdId)],
      });
    }
    await copyInto(tx, `${this.schema}.open_hold`, HOLD_COLUMNS, [...inserted, ...updated].map((hold) => copyLine(holdFields(hold))));
  }
}
