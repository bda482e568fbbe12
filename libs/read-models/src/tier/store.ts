import type { ClientBase } from 'pg';
import type { Field } from '../database/copy.js';
import type { ModelWriter, Write } from '../folding/read-model.js';
import { Rows } from '../folding/rows.js';
import { applyToTier, type Payment, type Tier } from './projection.js';

export const TIER_COLUMNS = 'account_id, purchased, currency';
export const tierFields = ({ accountId, purchased, currency }: Tier): Field[] => [accountId, purchased, currency];

const REMEMBERED = 5_000;

export class TierWriter implements ModelWriter<Payment> {
  private readonly rows = new Rows<Tier>(REMEMBERED);

  constructor(private readonly schema: string) {}

  async load(tx: ClientBase, payments: readonly Payment[]): Promise<void> {
    const unknown = new Set(payments.map(({ accountId }) => accountId).filter((accountId) => !this.rows.has(accountId)));
    if (unknown.size === 0) return;
    for (const accountId of unknown) this.rows.learn(accountId, undefined);
    const { rows } = await tx.query<{ account_id: string; purchased: string; currency: string }>({
      name: `load ${this.schema}.tier`,
      text: `SELECT ${TIER_COLUMNS} FROM unnest($1::text[]) AS wanted (account_id) JOIN ${this.schema}.tier USING (account_id)`,
      values: [[...unknown]],
    });
    for (const { account_id: accountId, purchased, currency } of rows) this.rows.learn(accountId, { accountId, purchased, currency });
  }

  fold(payment: Payment): void {
    this.rows.change(payment.accountId, (tier) => applyToTier(tier, payment));
  }

  take(): Write {
    const { inserted, updated } = this.rows.take();
    return (tx) => this.write(tx, [...inserted, ...updated]);
  }

  settle(): void { this.rows.settle(); }
  forget(): void { this.rows.forget(); }

  private async write(tx: ClientBase, rows: readonly Tier[]): Promise<void> {
    if (rows.length === 0) return;
    await tx.query({
      name: `write ${this.schema}.tier`,
      text: `INSERT INTO ${this.schema}.tier (${TIER_COLUMNS}) SELECT * FROM unnest($1::text[], $2::numeric[], $3::text[])
        ON CONFLICT (account_id) DO UPDATE SET purchased = excluded.purchased, currency = excluded.currency`,
      values: [rows.map(({ accountId }) => accountId), rows.map(({ purchased }) => purchased), rows.map(({ currency }) => currency)],
    });
  }
}
