import type { Accounts } from './accounts.js';
import type { Clock } from '#libs/kernel';

/** Which accounts have something due; may name an account twice or too late, never for ever too few. */
export interface DueAccounts {
  accountsDue(now: string, limit: number): Promise<readonly string[]>;
}

const TICK_MS = 250;
const BATCH = 500;
const AT_ONCE = 32;

/**
 * Wakes accounts whose holds or grants have ended. It decides nothing: a woken account appends what is due by its own
 * clock, so waking it twice, or from several engines, is harmless, and a long stop is caught up with at the first tick.
 */
export class ExpiryScheduler {
  private stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();
  private failed: { readonly error: Error; readonly since: number } | undefined;

  constructor(
    private readonly accounts: Accounts, private readonly due: DueAccounts, private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The error of the last tick, and for how long ticks have failed. */
  get failing(): { readonly error: Error | undefined; readonly seconds: number } {
    return { error: this.failed?.error, seconds: this.failed ? (performance.now() - this.failed.since) / 1_000 : 0 };
  }

  start(): void {
    this.done = this.run(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  /** Wakes all that is due now; answers how many accounts were woken. */
  async tick(): Promise<number> {
    const waiting = [...await this.due.accountsDue(this.clock(), BATCH)];
    const count = waiting.length;
    const wakeSome = async (): Promise<void> => {
      for (let accountId = waiting.pop(); accountId !== undefined; accountId = waiting.pop()) await this.accounts.current(accountId);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, wakeSome));
    return count;
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let woken = 0;
      try {
        woken = await this.tick();
        this.failed = undefined;
      } catch (error) {
        this.failed = { error: error as Error, since: this.failed?.since ?? performance.now() };
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
