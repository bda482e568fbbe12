import type { Pool } from 'pg';
import type { SealedEvent } from '#libs/kernel';
import { appendBytes, appendTooLarge, fitsOneAppend } from '../append-bytes.js';
import type {
  AppendOptions, Appended, EventLog, Position, RecordedEvent, SubscribeOptions,
} from '../event-log.js';
import { recordedEvents, type Commit } from './append-batch.js';
import { AppendQueue } from './append-queue.js';
import { Committer } from './committer.js';
import { closedError, logError, openPool, selectRows, type Statement } from './database.js';
import { pagesOfAll, pagesOfStream } from './event-pages.js';
import { Follower } from './follower.js';
import { numberOf, positionOf } from './position.js';
import { migrateLog, readLogId } from './schema.js';
import { TipListener } from './tip-listener.js';
import { Tip } from './tip.js';

const HEAD: Statement = { name: 'head', text: 'SELECT revision FROM log.events WHERE stream = $1 ORDER BY revision DESC LIMIT 1' };
const END: Statement = { name: 'end', text: 'SELECT position FROM log.events ORDER BY position DESC LIMIT 1' };

/** All others wait while one append is written: some tenths of a second for so much. */
const MOST_APPEND_BYTES = 16_000_000;

const READERS = 6;
const PAGE_SIZE = 1_000;

/** The event log in a PostgreSQL database (14 or later), in schema `log`. Any number of processes may work on one database. */
export class PostgresEventLog implements EventLog {
  readonly maxAppendBytes = MOST_APPEND_BYTES;
  private readonly committer: Committer;
  private readonly queue: AppendQueue;
  private readonly tip = new Tip();
  private readonly followers = new Set<Follower>();
  private readonly closing = new AbortController();
  private listener: TipListener | undefined;

  private constructor(private readonly url: string, private readonly pool: Pool, readonly id: string, private readonly onCommit: (appends: number) => void) {
    this.committer = new Committer(url);
    this.queue = new AppendQueue(this.committer, (commit) => this.settled(commit));
  }

  /**
   * Opens the log at a connection URL and makes its tables where they are missing.
   * @param onCommit told how many appends shared a commit
   */
  static async open(url: string, onCommit: (appends: number) => void = () => undefined): Promise<PostgresEventLog> {
    const pool = openPool(url, READERS);
    try {
      await migrateLog(pool);
      return new PostgresEventLog(url, pool, await readLogId(pool), onCommit);
    } catch (error) {
      await pool.end();
      throw logError(error);
    }
  }

  append(stream: string, events: readonly SealedEvent[], expected: number, { guards = [] }: AppendOptions = {}): Promise<Appended> {
    if (!fitsOneAppend(events, this.maxAppendBytes)) return Promise.reject(appendTooLarge(stream, { bytes: appendBytes(events), most: this.maxAppendBytes }));
    return new Promise((resolve, reject) => {
      this.queue.push({ stream, events, expected, guards, resolve, reject });
    });
  }

  read(stream: string, { from = 0, limit = Infinity }: { from?: number; limit?: number } = {}): AsyncIterable<readonly RecordedEvent[]> {
    return pagesOfStream(this.pool, stream, from, limit, PAGE_SIZE);
  }

  async head(stream: string): Promise<number> {
    const [row] = await selectRows<[string]>(this.pool, HEAD, [stream]);
    return row ? Number(row[0]) : -1;
  }

  readAll({ after, batchSize = PAGE_SIZE }: { after?: Position | undefined; batchSize?: number } = {}): AsyncIterable<readonly RecordedEvent[]> {
    return pagesOfAll(this.pool, numberOf(after), batchSize);
  }

  async *subscribe({ after, batchSize = PAGE_SIZE, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[], void> {
    if (this.closing.signal.aborted) throw closedError();
    this.listener ??= new TipListener(this.url, this.tip, (pid) => this.committer.isOwn(pid));
    const until = AbortSignal.any([signal, this.closing.signal]);
    let at = numberOf(after);
    while (!until.aborted) {
      const { told } = this.tip;
      let foundNothing = true;
      for await (const page of pagesOfAll(this.pool, at, batchSize)) {
        if (until.aborted) return;
        foundNothing = false;
        at = numberOf(page.at(-1)?.position);
        yield page;
      }
      if (foundNothing) this.tip.foundNothingAfter(at, told);
      const follower = new Follower(at);
      this.followers.add(follower);
      try {
        yield* this.follow(follower, batchSize, until);
        at = follower.at;
      } finally {
        this.followers.delete(follower);
      }
    }
  }

  async end(): Promise<Position | undefined> {
    const [row] = await selectRows<[string]>(this.pool, END, []);
    return row && positionOf(row[0]);
  }

  /** Waits for the appends under way; subscriptions end. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.queue.close();
    await Promise.all([this.committer.close(), this.listener?.stop()]);
    await this.pool.end();
  }

  /** Yields what is handed over from memory; returns when the log has moved on without it. */
  private async *follow(follower: Follower, batchSize: number, until: AbortSignal): AsyncGenerator<readonly RecordedEvent[], void> {
    while (!until.aborted) {
      const events = follower.take(batchSize);
      if (events.length > 0) yield events;
      else if (this.tip.isPast(follower.at)) return;
      else await this.tip.past(follower.at, until);
    }
  }

  private settled(commit: Commit): void {
    if (commit.appends.length > 0) this.onCommit(commit.appends.length);
    let events: RecordedEvent[] | undefined;
    for (const follower of this.followers) {
      const follows = follower.offer(commit.before, commit.end, () => (events ??= recordedEvents(commit)));
      if (!follows) this.followers.delete(follower);
    }
    this.tip.advance(commit.end);
  }
}
