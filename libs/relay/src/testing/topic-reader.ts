import type { Consumer } from 'kafkajs';
import { fromMessage, kafkaClient, type KafkaSettings, type RelayedEvent } from '#libs/event-feed';

/** Everything in a topic, as a consumer of it is given it. */
export class TopicReader {
  /** Each partition in its order. */
  readonly messages: (RelayedEvent & { readonly partition: number })[] = [];
  private readonly seen = new Set<string>();

  private constructor(private readonly consumer: Consumer) {}

  static async open(settings: KafkaSettings): Promise<TopicReader> {
    const consumer = kafkaClient(settings).consumer({ groupId: crypto.randomUUID(), allowAutoTopicCreation: false, maxWaitTimeInMs: 200 });
    const reader = new TopicReader(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic: settings.topic, fromBeginning: true });
    await consumer.run({ eachBatch: async ({ batch }) => { for (const message of batch.messages) reader.take(batch.partition, fromMessage(message)); } });
    return reader;
  }

  /** How many different events there are. */
  get events(): number {
    return this.seen.size;
  }

  /** Events of each stream in the order in which a consumer takes them that drops what it has seen. @throws at a gap */
  streams(): Map<string, RelayedEvent[]> {
    const streams = new Map<string, RelayedEvent[]>();
    for (const event of this.messages) {
      const taken = streams.get(event.stream) ?? [];
      if (event.revision > taken.length) throw new Error(`${event.stream}: ${event.revision} comes after ${taken.length - 1}`);
      if (event.revision === taken.length) taken.push(event);
      streams.set(event.stream, taken);
    }
    return streams;
  }

  async close(): Promise<void> {
    await this.consumer.disconnect();
  }

  private take(partition: number, event: RelayedEvent): void {
    this.messages.push({ ...event, partition });
    this.seen.add(`${event.stream}@${event.revision}`);
  }
}
