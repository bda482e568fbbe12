import { setTimeout as delay } from 'node:timers/promises';
import { BillingError } from '#libs/kernel';
import type { RecordedEvent } from '#libs/event-log';
import { accountIdOf } from '../folding/account-record.js';

/** How often the database is asked how far it is, for what another process applies. */
const POLL_MS = 25;
/** Accounts whose applied revision is remembered, twice: what was applied lately is what is waited for. */
const REMEMBERED = 50_000;

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

export interface WaitersParts {
  /** The revisions that the read models have applied; accounts that are not there may be left out. */
  readonly applied: (accountIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Somebody began to wait, or still does. */
  readonly hurry: () => void;
}

export const projectionBehind = (accountId: string, revision: number): BillingError =>
  new BillingError('unavailable', 'projection_behind', { detail: `the read models have not yet applied revision ${revision} of ${accountId}; ask again` });

/** Those who wait until the read models have an account's revision: woken by the projector of this process, or by asking the database. */
export class Waiters {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private recent = new Map<string, number>();
  private older = new Map<string, number>();
  private polling = false;

  constructor(private readonly parts: WaitersParts) {}

  /** @throws unavailable/projection_behind when it takes longer than that */
  async waitFor(accountId: string, revision: number, timeoutMs: number): Promise<void> {
    if (revision <= this.known(accountId)) return;
    const arrived = await new Promise<boolean>((resolve) => {
      const waiters = this.waiting.get(accountId) ?? new Set();
      this.waiting.set(accountId, waiters);
      const end = (isThere: boolean) => (): void => {
        clearTimeout(timer);
        waiters.delete(waiter);
        if (waiters.size === 0) this.waiting.delete(accountId);
        resolve(isThere);
      };
      const waiter: Waiter = { revision, resolve: end(true) };
      const timer = setTimeout(end(false), timeoutMs);
      waiters.add(waiter);
      this.parts.hurry();
      if (!this.polling) void this.poll();
    });
    if (arrived) return;
    throw projectionBehind(accountId, revision);
  }

  /** Events whose effect is durable. */
  applied(events: readonly RecordedEvent[]): void {
    for (const { stream, revision } of events) this.advance(accountIdOf(stream), revision);
    if (this.waiting.size > 0) this.parts.hurry();
  }

  /** What was known of an account is no longer so: the database is asked the next time. */
  forget(accountId: string): void {
    this.recent.delete(accountId);
    this.older.delete(accountId);
  }

  private known(accountId: string): number {
    return this.recent.get(accountId) ?? this.older.get(accountId) ?? -1;
  }

  private advance(accountId: string, revision: number): void {
    this.recent.set(accountId, revision);
    if (this.recent.size >= REMEMBERED) {
      this.older = this.recent;
      this.recent = new Map();
    }
    const waiters = this.waiting.get(accountId);
    if (waiters) for (const waiter of waiters) if (waiter.revision <= revision) waiter.resolve();
  }

  private async poll(): Promise<void> {
    this.polling = true;
    while (this.waiting.size > 0) {
      await delay(POLL_MS);
      if (this.waiting.size === 0) break;
      try {
        for (const [accountId, revision] of await this.parts.applied([...this.waiting.keys()])) this.advance(accountId, revision);
      } catch {
        // Whoever waits is told by the end of the time allowed.
      }
    }
    this.polling = false;
  }
}
