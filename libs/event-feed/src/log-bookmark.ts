import type { ClientBase } from 'pg';
import type { EventLog, Position, RecordedEvent } from '#libs/event-log';
import { CheckpointMoved, type Bookmark } from './applier.js';
import { lockCheckpoint, registerCheckpoint, saveCheckpoint, type Checkpoint } from './checkpoint.js';
import { ForeignCheckpoint, LostEvents } from './event-feed.js';
import { findLoss } from './lost-events.js';
import { dropPartitions } from './partitions.js';
import { inTransaction } from './session.js';

/** A consumer that follows the log itself: its checkpoint is a position there. */
export class LogBookmark implements Bookmark {
  private next: Checkpoint;

  private constructor(private readonly consumer: string, private known: Checkpoint) {
    this.next = known;
  }

  /**
   * From now on the consumer is where its checkpoint says. Where it was led through a topic meanwhile, the rows have more,
   * and what they have is dropped.
   * @throws ForeignCheckpoint, LostEvents
   */
  static async open(client: ClientBase, consumer: string, log: Pick<EventLog, 'id' | 'end' | 'read'>): Promise<LogBookmark> {
    const { source } = await registerCheckpoint(client, consumer, log.id);
    if (source !== log.id) throw new ForeignCheckpoint(consumer, log.id, source);
    const lost = await findLoss(client, consumer, log);
    if (lost) throw new LostEvents(consumer, lost.position, lost.instead);
    return inTransaction(client, async () => {
      const checkpoint = await lockCheckpoint(client, consumer);
      if (!checkpoint) throw new CheckpointMoved(consumer);
      await dropPartitions(client, consumer);
      const known = { ...checkpoint, generation: checkpoint.generation + 1 };
      await saveCheckpoint(client, consumer, known);
      return new LogBookmark(consumer, known);
    });
  }

  get position(): Position | undefined {
    return this.known.position || undefined;
  }

  get generation(): number {
    return this.known.generation;
  }

  async claim(tx: ClientBase): Promise<void> {
    const found = await lockCheckpoint(tx, this.consumer);
    const { source, position, generation } = this.known;
    if (!found || found.source !== source || found.position !== position || found.generation !== generation) throw new CheckpointMoved(this.consumer);
  }

  async move(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void> {
    this.next = { ...this.known, position: events.at(-1)?.position ?? this.known.position, events: this.known.events + events.length };
    await saveCheckpoint(tx, this.consumer, this.next, events.at(-1));
  }

  settle(): void {
    this.known = this.next;
  }
}
