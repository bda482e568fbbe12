import { setTimeout as delay } from 'node:timers/promises';
import { AppendBatch, type Append, type AppendRow, type Commit } from './append-batch.js';
import type { Committer } from './committer.js';
import { closedError, isCallersFault, logError } from './database.js';
import { OutcomeUnknown } from './writer-connection.js';

/** How long an outcome that was lost with its connection is looked for before its callers are told that it is unknown. */
const RESOLVE_WITHIN_MS = 5_000;
const RETRY_MS = 50;

/** Enough to spread the cost of a commit thin. */
const MOST_APPENDS = 1_024;
/** Enough to follow a batch that is at the database already; fewer wait for its answer, or for what the tick under way brings. */
const ENOUGH_APPENDS = 32;
/** Batches at the database: while it commits one, the next is there already, so that neither side waits for the other. */
const MOST_BATCHES = 2;

/**
 * Gathers appends into batches: those that arrive while one is at the database share the next, so the slower a commit is,
 * the more appends share it. The next one leaves when the last is answered, or before that once it is large enough.
 */
export class AppendQueue {
  private waiting: Append[] = [];
  private readonly underWay = new Set<AppendBatch>();
  private readonly unfinished = new Set<Promise<void>>();
  private scheduled = false;
  private closed = false;

  constructor(private readonly committer: Committer, private readonly onSettled: (commit: Commit) => void) {}

  push(append: Append): void {
    if (this.closed) {
      append.reject(closedError());
      return;
    }
    this.waiting.push(append);
    if (this.underWay.size === 0) this.sendSoon();
    else if (this.mayFollow) this.sendNext();
  }

  /** Resolves once every append has its outcome. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.unfinished.size > 0 || this.waiting.length > 0) {
      if (this.waiting.length > 0) this.sendNext();
      await Promise.all(this.unfinished);
    }
  }

  private get mayFollow(): boolean {
    return this.underWay.size < MOST_BATCHES && this.waiting.length >= ENOUGH_APPENDS;
  }

  private sendSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.underWay.size === 0 && this.waiting.length > 0) this.sendNext();
    });
  }

  private sendNext(): void {
    const batch = new AppendBatch(MOST_APPENDS);
    this.waiting = this.waiting.filter((append) => !batch.add(append));
    this.underWay.add(batch);
    this.track(this.send(batch));
  }

  private async send(batch: AppendBatch): Promise<void> {
    let rows: readonly AppendRow[];
    try {
      rows = await this.committer.commit(batch);
    } catch (error) {
      if (error instanceof OutcomeUnknown) this.track(this.resolve(batch)); // others need not wait for it
      else await this.fail(batch, error);
      return;
    } finally {
      this.underWay.delete(batch);
      if (this.mayFollow) this.sendNext();
      else if (this.waiting.length > 0) this.sendSoon();
    }
    this.onSettled(batch.settle(rows));
  }

  /** Sends a batch again after its outcome was lost: what had been committed is found as done before, the rest is done now. */
  private async resolve(batch: AppendBatch): Promise<void> {
    const until = performance.now() + RESOLVE_WITHIN_MS;
    let rows: readonly AppendRow[] | undefined;
    while (!rows) {
      await delay(RETRY_MS);
      try {
        rows = await this.committer.commit(batch);
      } catch (error) {
        if (performance.now() > until) {
          batch.refuse(logError(error));
          return;
        }
      }
    }
    this.onSettled(batch.settle(rows));
  }

  /** An append that the database cannot take must not fail those that share its batch. */
  private async fail(batch: AppendBatch, error: unknown): Promise<void> {
    if (isCallersFault(error) && batch.size > 1) for (const alone of batch.split()) await this.send(alone);
    else batch.refuse(logError(error));
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.unfinished.delete(tracked));
    this.unfinished.add(tracked);
  }
}
