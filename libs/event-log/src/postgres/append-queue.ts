import { setTimeout as delay } from 'node:timers/promises';
import { AppendBatch, type Append, type Commit } from './append-batch.js';
import type { Committer } from './committer.js';
import { closedError, isCallersFault, logError } from './database.js';
import { OutcomeUnknown } from './writer-connection.js';

/** How long an outcome that was lost with its connection is looked for before its callers are told that it is unknown. */
const RESOLVE_WITHIN_MS = 5_000;
const RETRY_MS = 50;

/** A second batch is worth its commit only when this many appends wait for it. */
const WORTH_A_COMMIT = 32;
/** Enough to spread the cost of a commit thin. */
const MOST_APPENDS = 1_024;

/**
 * Gathers appends into batches. While one batch is at the database a second one follows as soon as it is as large, so
 * that the database works while this process turns the first one's outcomes into the next appends.
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
    // With nothing under way, whatever else this tick brings shares the commit.
    if (this.underWay.size === 0) this.sendSoon();
    else this.sendReady();
  }

  /** Resolves once every append has its outcome. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.unfinished.size > 0 || this.waiting.length > 0) {
      this.sendReady();
      await Promise.all(this.unfinished);
    }
  }

  private sendSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.sendReady();
    });
  }

  private sendReady(): void {
    for (let atWork = this.appendsUnderWay(); this.isReady(atWork); atWork = this.appendsUnderWay()) {
      // Half of all that is outstanding: two batches of one size keep both sides busy.
      const batch = this.take(Math.min(MOST_APPENDS, Math.max(WORTH_A_COMMIT, Math.ceil((atWork + this.waiting.length) / 2))));
      this.underWay.add(batch);
      this.track(this.send(batch));
    }
  }

  private isReady(atWork: number): boolean {
    if (this.underWay.size === 0) return this.waiting.length > 0;
    return this.underWay.size === 1 && this.waiting.length >= Math.max(WORTH_A_COMMIT, atWork);
  }

  private appendsUnderWay(): number {
    let appends = 0;
    for (const { size } of this.underWay) appends += size;
    return appends;
  }

  private take(most: number): AppendBatch {
    const batch = new AppendBatch(most);
    this.waiting = this.waiting.filter((append) => !batch.add(append));
    return batch;
  }

  private async send(batch: AppendBatch): Promise<void> {
    try {
      this.settle(batch, await this.committer.commit(batch));
    } catch (error) {
      if (error instanceof OutcomeUnknown) this.track(this.resolve(batch)); // others need not wait for it
      else await this.fail(batch, error);
    } finally {
      this.underWay.delete(batch);
      if (this.waiting.length > 0) this.sendSoon();
    }
  }

  private settle(batch: AppendBatch, rows: Awaited<ReturnType<Committer['commit']>>): void {
    this.onSettled(batch.settle(rows));
  }

  /** Sends a batch again after its outcome was lost: what had been committed is found as done before, the rest is done now. */
  private async resolve(batch: AppendBatch): Promise<void> {
    for (const until = performance.now() + RESOLVE_WITHIN_MS; ;) {
      try {
        this.settle(batch, await this.committer.commit(batch));
        return;
      } catch (error) {
        if (performance.now() > until) {
          batch.refuse(logError(error));
          return;
        }
      }
      await delay(RETRY_MS);
    }
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
