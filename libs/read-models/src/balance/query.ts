import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import type { Instant } from '#libs/kernel';
import { answered } from '../querying/answered.js';
import { Gathered } from '../querying/gathered.js';
import { HOT_POOL } from '../querying/hot-pool.js';
import type { BalanceRow, StoredGrant } from './projection.js';

export interface BalanceGrant extends StoredGrant {
  /** The caller's id of the purchase, grant or refund that made it. */
  readonly id: string;
}

/** What an account stands at. */
export interface BalanceView extends Omit<BalanceRow, 'grants'> {
  /** Those with anything in them, in burn order. */
  readonly grants: readonly BalanceGrant[];
  /** When something of it ends by itself next, a hold or a grant: from then on the row is no longer true. */
  readonly nextDueAt: Instant | null;
}

interface Row {
  readonly account_id: string;
  readonly catalog: string; readonly unit: string; readonly scale: number; readonly mode: string; readonly time_zone: string; readonly opened_at: Date;
  readonly revision: number; readonly remaining: string; readonly held: string; readonly debt: string; readonly grants: readonly StoredGrant[];
  readonly next_due_at: Date | null;
}

/** One look-up by primary key, and one in the index of open holds: which of them ends first is not worth a column that every hold changes. */
const FIND = {
  name: 'balance',
  text: `SELECT account_id, catalog, unit, scale, mode, time_zone, opened_at, revision, remaining, held, debt, grants,
      least(grant_due_at, (SELECT min(expires_at) FROM read.open_hold WHERE open_hold.account_id = balance.account_id)) AS next_due_at
    FROM unnest($1::text[]) AS wanted (account_id) JOIN read.balance USING (account_id)`,
};

@Injectable()
export class BalanceQuery {
  private readonly gathered = new Gathered((accountIds) => this.read(accountIds));

  constructor(@Inject(HOT_POOL) private readonly pool: Pool) {}

  find(accountId: string): Promise<BalanceView | undefined> {
    return this.gathered.find(accountId);
  }

  private read(accountIds: readonly string[]): Promise<ReadonlyMap<string, BalanceView>> {
    return answered(async () => {
      const { rows } = await this.pool.query<Row>({ ...FIND, values: [accountIds] });
      return new Map(rows.map((row) => [row.account_id, viewOf(row)]));
    });
  }
}

const viewOf = (row: Row): BalanceView => ({
  accountId: row.account_id, catalog: row.catalog, unit: row.unit, scale: row.scale, mode: row.mode, timeZone: row.time_zone, openedAt: row.opened_at.toISOString(),
  revision: row.revision, remaining: row.remaining, held: row.held, debt: row.debt,
  grants: row.grants.map((grant) => ({ id: grant.key.slice(grant.key.indexOf('/') + 1), ...grant })),
  nextDueAt: row.next_due_at && row.next_due_at.toISOString(),
});
