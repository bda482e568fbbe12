import type { ClientBase } from 'pg';
import type { RecordedEvent } from '#libs/event-log';
import { PoisonEvent, StreamGap, type Consumer } from './event-feed.js';
import { inTransaction } from './session.js';

/** The checkpoint is not where this process left it: somebody else has applied, or replaced the rows. Begin again from it. */
export class CheckpointMoved extends Error {
  constructor(consumer: string) {
    super(`the checkpoint of ${consumer} was moved by somebody else`);
    this.name = 'CheckpointMoved';
  }
}

/** How far a consumer has got, as this process knows it. Events tell where they stand. */
export interface Bookmark<Event extends RecordedEvent = RecordedEvent> {
  /** Holds off all who would apply events from the same place, until the transaction ends. @throws CheckpointMoved */
  claim(tx: ClientBase, events: readonly Event[]): Promise<void>;
  /** Moves it past these events. */
  move(tx: ClientBase, events: readonly Event[]): Promise<void>;
  /** The move is durable. */
  settle(): void;
}

/**
 * Applies batches for one consumer on one connection, exactly once by (stream, revision): effect and bookmark are one
 * transaction, taken under the bookmark's lock; what the rows already have is dropped, and a gap ends it.
 */
export class Applier<Event extends RecordedEvent = RecordedEvent> {
  constructor(private readonly client: ClientBase, private readonly consumer: Consumer, private readonly bookmark: Bookmark<Event>) {
    consumer.forget(); // somebody else may have applied since it looked
  }

  /** Applies a batch; of one with an event that cannot be read, what lies before that. @throws StreamGap, PoisonEvent, CheckpointMoved, or what the database throws */
  async apply(events: readonly Event[]): Promise<void> {
    if (events.length === 0) return;
    try {
      await this.applyAll(events);
    } catch (error) {
      if (error instanceof PoisonEvent) await this.apply(events.slice(0, events.findIndex(({ stream, revision }) => stream === error.stream && revision === error.revision)));
      throw error;
    }
  }

  /** All of them, or nothing. */
  private async applyAll(events: readonly Event[]): Promise<void> {
    const wanted = events.filter(({ stream }) => this.consumer.wants(stream));
    try {
      await inTransaction(this.client, async () => {
        await this.bookmark.claim(this.client, events);
        await this.consumer.apply(this.client, await this.fresh(wanted));
        await this.bookmark.move(this.client, events);
      });
    } catch (error) {
      this.consumer.forget();
      throw error;
    }
    this.bookmark.settle();
    this.consumer.committed(wanted);
  }

  /** What the rows do not have yet. @throws StreamGap */
  private async fresh(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    if (events.length === 0) return events;
    const applied = new Map(await this.consumer.applied(this.client, [...new Set(events.map(({ stream }) => stream))]));
    return events.filter(({ stream, revision }) => {
      const last = applied.get(stream) ?? -1;
      if (revision > last + 1) throw new StreamGap(this.consumer.name, stream, last, revision);
      if (revision <= last) return false;
      applied.set(stream, revision);
      return true;
    });
  }
}
