import type { Clock } from '#libs/kernel';
import type { Accounts } from './accounts.js';
import { RecentWakes } from './recent-wakes.js';

/** Which accounts have something due. */
export interface DueAccounts {
  /** At most `limit`, each once, none of `except`; at least one if there is any. One that was woken just now may still be among them. */
  accountsDue(now: string, limit: number, except: readonly string[]): Promise<readonly string[]>;
}

const TICK_MS = 250;
const BATCH = 500;
const AT_ONCE = 32;
/** A wake that takes longer goes on beside the others, and keeps none of them waiting. */
const SLOW_MS = 1_000;

/**
 * Wakes accounts whose holds or grants have ended. It decides nothing: a woken account appends what is due by its own
 * clock, so waking it twice, or from several engines, is harmless, and a long stop is caught up with at once. No account
 * keeps another from being woken, whether it fails, hangs, or has more due than all others together.
 */
export class ExpiryScheduler {
  private readonly stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();
  private readonly recent = new RecentWakes();
  private readonly underWay = new Map<string, Promise<void>>();
  /** Since it is not known what is due. */
  private blind: { readonly error: Error; readonly since: number } | undefined;
  /** Of the accounts that fail in a tick one is told of: where the log is away, all do. */
  private told = false;

  constructor(
    private readonly accounts: Pick<Accounts, 'current'>, private readonly due: DueAccounts, private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** What fails: learning what is due, or waking any of the accounts. */
  get failing(): { readonly error: Error | undefined; readonly seconds: number } {
    const failing = this.blind ?? this.recent.failing;
    return { error: failing?.error, seconds: failing ? (performance.now() - failing.since) / 1_000 : 0 };
  }

  start(): void {
    this.done = this.run(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
    await Promise.all(this.underWay.values());
  }

  /** Wakes what is due, but for what was woken just before; answers how many accounts. @throws when it is not known what is due */
  async tick(): Promise<number> {
    const due = await this.due.accountsDue(this.clock(), BATCH, [...this.recent.leftOut(), ...this.underWay.keys()]);
    this.told = false;
    const waiting = due.values();
    const wakeSome = async (): Promise<void> => {
      for (const accountId of waiting) await this.untilSlow(this.wake(accountId));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, wakeSome));
    return due.length;
  }

  private wake(accountId: string): Promise<void> {
    const woken = this.accounts.current(accountId).then(
      ({ revision }) => this.recent.succeeded(accountId, revision),
      (error: Error) => this.fail(accountId, error),
    ).finally(() => this.underWay.delete(accountId));
    this.underWay.set(accountId, woken);
    return woken;
  }

  private fail(accountId: string, cause: Error): void {
    const error = new Error(`account ${accountId} could not be woken: ${cause.message}`, { cause });
    this.recent.failed(accountId, error);
    if (!this.told) this.onError(error);
    this.told = true;
  }

  private async untilSlow(wake: Promise<void>): Promise<void> {
    const over = new AbortController();
    await Promise.race([wake, pause(SLOW_MS, over.signal)]);
    over.abort();
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let woken = 0;
      try {
        woken = await this.tick();
        this.blind = undefined;
      } catch (error) {
        this.blind = { error: error as Error, since: this.blind?.since ?? performance.now() };
        this.onError(error);
      }
      if (woken < BATCH) await pause(TICK_MS, signal);
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  const end = (): void => { clearTimeout(timer); signal.removeEventListener('abort', end); resolve(); };
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end);
});
