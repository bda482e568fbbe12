import type { ClientBase } from 'pg';
import type { RecordedEvent } from '#libs/event-log';
import { lockCheckpoint, registerCheckpoint, saveCheckpoint, type Checkpoint } from './checkpoint.js';
import { ForeignCheckpoint, StreamGap, type Consumer } from './event-feed.js';

/** The checkpoint is not where this process left it: somebody else has applied, or replaced the rows. Begin again from it. */
export class CheckpointMoved extends Error {}

/** What arrived since the last batch. */
export interface Batch {
  readonly events: readonly RecordedEvent[];
  /** The checkpoint's position once it is applied. */
  readonly position: string;
}

/**
 * Applies batches for one consumer on one connection, exactly once by (stream, revision): effect and checkpoint are one
 * transaction, taken under the checkpoint's lock; what the rows already have is dropped, and a gap ends it.
 */
export class Applier {
  private constructor(private readonly client: ClientBase, private readonly consumer: Consumer, private known: Checkpoint) {}

  /** @throws ForeignCheckpoint */
  static async open(client: ClientBase, consumer: Consumer, source: string): Promise<Applier> {
    const checkpoint = await registerCheckpoint(client, consumer.name, source);
    if (checkpoint.source !== source) throw new ForeignCheckpoint(consumer.name, source, checkpoint.source);
    consumer.forget();
    return new Applier(client, consumer, checkpoint);
  }

  get position(): string | undefined {
    return this.known.position || undefined;
  }

  /** @throws StreamGap, PoisonEvent, CheckpointMoved, or what the database throws; nothing is applied then. */
  async apply({ events, position }: Batch): Promise<void> {
    const next = { ...this.known, position, events: this.known.events + events.length };
    const wanted = events.filter(({ stream }) => this.consumer.wants(stream));
    try {
      await this.client.query('BEGIN');
      await this.claim();
      await this.consumer.apply(this.client, await this.fresh(wanted));
      await saveCheckpoint(this.client, this.consumer.name, next);
      await this.client.query('COMMIT');
    } catch (error) {
      this.consumer.forget();
      await this.client.query('ROLLBACK').catch(() => undefined); // the connection may be what failed
      throw error;
    }
    this.known = next;
    this.consumer.committed(wanted);
  }

  private async claim(): Promise<void> {
    const found = await lockCheckpoint(this.client, this.consumer.name);
    const { source, position, generation } = this.known;
    if (!found || found.source !== source || found.position !== position || found.generation !== generation) {
      throw new CheckpointMoved(`the checkpoint of ${this.consumer.name} was moved by somebody else`);
    }
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
