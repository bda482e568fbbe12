import type { Client, ClientBase } from 'pg';
import type { EventLog, Position } from '#libs/event-log';
import { Applier, CheckpointMoved } from '../applier.js';
import { readCheckpoint } from '../checkpoint.js';
import { engage } from '../engage.js';
import type { Consumer, EventFeed, Lag } from '../event-feed.js';
import { Gatherer, GATHERING } from '../gatherer.js';
import { lagAfter } from '../lag.js';
import { LogBookmark } from '../log-bookmark.js';

const PAGE = 500;

/** Straight from the log: a catch-up subscription in the process that projects. The position is the log's. */
export class DirectFeed implements EventFeed {
  private readonly gatherers = new Set<Gatherer>();

  /** @param url the database that holds the consumers' rows, and their checkpoints beside them */
  constructor(private readonly log: EventLog, private readonly url: string, private readonly gathering = GATHERING) {}

  async consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
    await engage({ url: this.url, consumer, signal }, (session, progress) => this.work(session, consumer, signal, progress));
  }

  hurry(): void {
    for (const gatherer of this.gatherers) gatherer.hurry();
  }

  async lag(database: Pick<ClientBase, 'query'>, consumer: string): Promise<Lag> {
    return lagAfter(this.log, (await readCheckpoint(database, consumer))?.position || undefined);
  }

  /** Applies until the abort; begins again from the checkpoint when somebody else has moved it. */
  private async work(session: Client, consumer: Consumer, signal: AbortSignal, progress: () => void): Promise<void> {
    while (!signal.aborted) {
      const bookmark = await LogBookmark.open(session, consumer.name, this.log);
      const applier = new Applier(session, consumer, bookmark);
      consumer.observe({ status: 'live' });
      try {
        await this.follow(applier, bookmark.position, signal, progress);
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error;
      }
    }
  }

  private async follow(applier: Applier, after: Position | undefined, until: AbortSignal, progress: () => void): Promise<void> {
    const left = new AbortController();
    const signal = AbortSignal.any([until, left.signal]);
    const gatherer = new Gatherer(this.gathering, signal);
    this.gatherers.add(gatherer);
    const pumping = this.pump(gatherer, after, signal).catch((error: unknown) => gatherer.fail(error));
    try {
      for (let events = await gatherer.take(); events; events = await gatherer.take()) {
        await applier.apply(events);
        progress();
      }
    } finally {
      left.abort();
      this.gatherers.delete(gatherer);
      await pumping;
    }
  }

  private async pump(gatherer: Gatherer, after: Position | undefined, signal: AbortSignal): Promise<void> {
    for await (const page of this.log.subscribe({ after, batchSize: PAGE, signal })) await gatherer.put(page);
  }
}
