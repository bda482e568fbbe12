import type { ClientBase } from 'pg';
import type { Consumer, EventFeed, FeedState, Lag } from '#libs/event-feed';
import type { RecordedEvent } from '#libs/event-log';

/** Told what a feed brings about. */
export interface FeedWatcher {
  /** These events took effect, in one commit. @param startedAt by `performance.now()`, when their batch began */
  applied?(consumer: string, events: readonly RecordedEvent[], startedAt: number): void;
  observed?(consumer: string, state: FeedState): void;
}

/** A feed whose consumers are looked at. */
export class WatchedFeed implements EventFeed {
  constructor(private readonly feed: EventFeed, private readonly watchers: readonly FeedWatcher[]) {}

  consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
    return this.feed.consume(new WatchedConsumer(consumer, this.watchers), signal);
  }

  hurry(): void {
    this.feed.hurry();
  }

  lag(database: Pick<ClientBase, 'query'>, consumer: string): Promise<Lag> {
    return this.feed.lag(database, consumer);
  }
}

class WatchedConsumer implements Consumer {
  readonly name: string;
  private batch: { readonly events: readonly RecordedEvent[]; readonly startedAt: number } | undefined;

  constructor(private readonly consumer: Consumer, private readonly watchers: readonly FeedWatcher[]) {
    this.name = consumer.name;
  }

  wants(stream: string): boolean {
    return this.consumer.wants(stream);
  }

  applied(tx: ClientBase, streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.consumer.applied(tx, streams);
  }

  apply(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void> {
    this.batch = { events, startedAt: performance.now() };
    return this.consumer.apply(tx, events);
  }

  committed(events: readonly RecordedEvent[]): void {
    this.consumer.committed(events);
    const { batch } = this;
    this.batch = undefined;
    if (batch) for (const watcher of this.watchers) watcher.applied?.(this.name, batch.events, batch.startedAt);
  }

  forget(): void {
    this.batch = undefined;
    this.consumer.forget();
  }

  observe(state: FeedState): void {
    for (const watcher of this.watchers) watcher.observed?.(this.name, state);
    this.consumer.observe(state);
  }
}
