import type { ClientBase } from 'pg';
import { CheckpointMoved, type Bookmark } from '../applier.js';
import { lockPartitions, savePartitions, type PartitionPlace, type TopicIdentity } from '../partitions.js';
import type { DeliveredEvent } from './delivery.js';

/** A consumer that some partitions lead: each has a place of its own, and a batch moves those that it has events of. */
export class PartitionBookmark implements Bookmark<DeliveredEvent> {
  private next: readonly PartitionPlace[] = [];

  constructor(private readonly consumer: string, private readonly topic: TopicIdentity, private readonly known: Map<number, PartitionPlace>) {}

  async claim(tx: ClientBase, events: readonly DeliveredEvent[]): Promise<void> {
    const partitions = [...new Set(events.map(({ partition }) => partition))];
    const found = await lockPartitions(tx, this.consumer, this.topic, partitions);
    const isOurs = (partition: number): boolean => {
      const [known, place] = [this.known.get(partition), found.get(partition)];
      return known !== undefined && known.next === place?.next && known.generation === place.generation;
    };
    if (!partitions.every(isOurs)) throw new CheckpointMoved(this.consumer);
  }

  async move(tx: ClientBase, events: readonly DeliveredEvent[]): Promise<void> {
    const moved = new Map<number, PartitionPlace>();
    for (const event of events) {
      const { partition, offset, position } = event;
      const place = moved.get(partition) ?? this.known.get(partition);
      if (!place) continue;
      // What the relay sends a second time lies further back in the log.
      const further = position > place.position ? { position, newest: event } : {};
      moved.set(partition, { ...place, ...further, next: offset + 1, events: place.events + 1 });
    }
    this.next = [...moved.values()];
    await savePartitions(tx, this.consumer, this.next);
  }

  settle(): void {
    for (const place of this.next) this.known.set(place.partition, place);
  }
}
