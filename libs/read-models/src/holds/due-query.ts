import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import type { Instant } from '#libs/kernel';
import { answered } from '../querying/answered.js';
import { HOT_POOL } from '../querying/hot-pool.js';

/**
 * Holds that are over which one look reads, at most: after a long stop there may be millions. They may all be of one
 * account; the next look, which leaves that account out, gets past them.
 */
const HOLDS_READ = 10_000;

// Tables in the order of every other query over both: a switch locks them in that order too.
const DUE = {
  name: 'due',
  text: `SELECT account_id FROM (
      (SELECT account_id, grant_due_at AS due_at FROM read.balance WHERE grant_due_at <= $1 AND account_id <> ALL ($3::text[]) ORDER BY grant_due_at LIMIT $2)
      UNION ALL
      (SELECT account_id, expires_at FROM read.open_hold WHERE expires_at <= $1 AND account_id <> ALL ($3::text[]) ORDER BY expires_at LIMIT $4)
    ) AS due GROUP BY account_id ORDER BY min(due_at) LIMIT $2`,
};

/** Which accounts have something that ended: a hold, or a grant with anything free. */
@Injectable()
export class DueQuery {
  constructor(@Inject(HOT_POOL) private readonly pool: Pool) {}

  /** Those longest due first, each once, without `except`: at least one if there is any, and not always as many as there are. */
  accountsDue(now: Instant, limit: number, except: readonly string[] = []): Promise<string[]> {
    return answered(async () => {
      const { rows } = await this.pool.query<{ account_id: string }>({ ...DUE, values: [now, limit, except, HOLDS_READ] });
      return rows.map(({ account_id: accountId }) => accountId);
    });
  }
}
