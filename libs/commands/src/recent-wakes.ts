/**
 * How long an account is left out after a wake: read models need a moment to see what it wrote. It doubles with each wake
 * that failed or found nothing to do, so that an account that cannot be woken, or is named for no reason, makes room.
 */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

interface Wake {
  readonly waitMs: number;
  readonly until: number;
  /** Where the wake left the account; undefined where none succeeded yet. */
  readonly revision: number | undefined;
  readonly failing: { readonly error: Error; readonly since: number } | undefined;
}

/** Accounts that were woken not long ago, and when each may be woken again. Times are those of performance.now(). */
export class RecentWakes {
  private readonly wakes = new Map<string, Wake>();

  /** Accounts to leave out for now; forgets those that could have been woken again but were not due any more. */
  leftOut(): string[] {
    const now = performance.now();
    const names: string[] = [];
    for (const [accountId, { until, waitMs }] of this.wakes) {
      if (now < until) names.push(accountId);
      else if (now > until + waitMs) this.wakes.delete(accountId);
    }
    return names;
  }

  succeeded(accountId: string, revision: number): void {
    const before = this.wakes.get(accountId);
    this.add(accountId, before?.revision === revision ? before : undefined, { revision, failing: undefined });
  }

  failed(accountId: string, error: Error): void {
    const before = this.wakes.get(accountId);
    this.add(accountId, before, { revision: before?.revision, failing: { error, since: before?.failing?.since ?? performance.now() } });
  }

  /** The failure that lasts longest. */
  get failing(): Wake['failing'] {
    let oldest: Wake['failing'];
    for (const { failing } of this.wakes.values()) if (failing && !(oldest && oldest.since <= failing.since)) oldest = failing;
    return oldest;
  }

  /** @param fruitless the wake before, when this one did not get the account any further */
  private add(accountId: string, fruitless: Wake | undefined, wake: Pick<Wake, 'revision' | 'failing'>): void {
    const waitMs = fruitless ? Math.min(fruitless.waitMs * 2, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
    this.wakes.set(accountId, { ...wake, waitMs, until: performance.now() + waitMs });
  }
}
