import type { Client } from 'pg';
import { closeSession, openSession, readCheckpoint } from '#libs/event-feed';
import type { EventLog } from '#libs/event-log';
import { accountIdOf, isAccountStream } from '../folding/account-record.js';
import { LIVE } from '../projector/projector.js';
import { AccountComparison } from './account-comparison.js';
import { DifferenceFound, type Difference } from './difference.js';

/** Events, and accounts, compared in one transaction: one that is open for long keeps dead rows alive. */
const EVENTS_AT_ONCE = 20_000;
const ACCOUNTS_AT_ONCE = 200;

export interface Comparison {
  readonly accounts: number;
  /** Of these accounts, all compared. */
  readonly events: number;
  /** The live read models' position when it began: every account opened by then was looked for. */
  readonly position: string;
  readonly difference: Difference | undefined;
}

export interface CompareOptions {
  readonly url: string;
  readonly log: EventLog;
  readonly onProgress?: ((done: Pick<Comparison, 'accounts' | 'events'>) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Recomputes every read model from the log, account by account, and names the first difference. It may run under traffic:
 * an account's rows are read in one snapshot and compared at the revision that they are at, which the projector moves for
 * all tables at once. Memory is bounded by what one account has open, not by how long its history is.
 */
export const compareReadModels = async ({ url, log, onProgress, signal }: CompareOptions): Promise<Comparison> => {
  const session = await openSession(url, 'meterbook verify');
  const done = { accounts: 0, events: 0, position: '' };
  try {
    await session.query('SET idle_in_transaction_session_timeout = 0'); // it reads the log in between
    done.position = (await readCheckpoint(session, LIVE))?.position ?? '';
    for (let after: string | undefined = ''; after !== undefined;) {
      signal?.throwIfAborted();
      const page: Page = await comparePage(session, log, after);
      done.accounts += page.accounts;
      done.events += page.events;
      onProgress?.(done);
      after = page.last;
    }
    await findMissing(session, log, done.position, signal);
    return { ...done, difference: undefined };
  } catch (error) {
    if (error instanceof DifferenceFound) return { ...done, difference: error.difference };
    throw error;
  } finally {
    await closeSession(session);
  }
};

interface Page {
  readonly accounts: number;
  readonly events: number;
  /** Undefined when there was nothing left. */
  readonly last: string | undefined;
}

const comparePage = async (session: Client, log: EventLog, after: string): Promise<Page> => {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { rows } = await session.query<{ account_id: string; revision: number }>(
      'SELECT account_id, revision FROM read.balance WHERE account_id > $1 ORDER BY account_id LIMIT $2', [after, ACCOUNTS_AT_ONCE],
    );
    let events = 0;
    const page = rows.filter(({ revision }) => {
      const fits = events < EVENTS_AT_ONCE;
      if (fits) events += revision + 1;
      return fits;
    });
    const comparison = new AccountComparison(session, log);
    await comparison.open(after, page.at(-1)?.account_id);
    for (const { account_id: accountId, revision } of page) await comparison.compare(accountId, revision);
    if (page.length === 0) await comparison.expectNone();
    return { accounts: page.length, events, last: page.at(-1)?.account_id };
  } finally {
    await session.query('ROLLBACK');
  }
};

/** Accounts that the log has and the read models lack. */
const findMissing = async (session: Client, log: EventLog, position: string, signal: AbortSignal | undefined): Promise<void> => {
  for await (const events of log.readAll()) {
    signal?.throwIfAborted();
    const opened = events.filter((event) => event.position <= position && event.revision === 0 && isAccountStream(event.stream));
    if (opened.length > 0) {
      const { rows: [missing] } = await session.query<{ account_id: string }>(
        `SELECT account_id FROM unnest($1::text[]) AS opened (account_id)
          WHERE NOT EXISTS (SELECT FROM read.balance WHERE balance.account_id = opened.account_id) LIMIT 1`,
        [opened.map(({ stream }) => accountIdOf(stream))],
      );
      if (missing) throw new DifferenceFound({ table: 'balance', accountId: missing.account_id, row: missing.account_id, field: undefined, expected: 'a row', found: 'none' });
    }
    if ((events.at(-1)?.position ?? '') >= position) return;
  }
};
