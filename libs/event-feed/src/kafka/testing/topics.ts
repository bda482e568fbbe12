import type { Producer } from 'kafkajs';
import type { RecordedEvent } from '#libs/event-log';
import { keepTrying } from '../../keep-trying.js';
import { toMessage } from '../event-message.js';
import { kafkaClient } from '../kafka-client.js';
import type { KafkaSettings } from '../kafka-settings.js';
import { openTopic } from '../topic.js';

/** A new topic on a test's broker. */
export const freshTopic = async (brokers: readonly string[], partitions = 3): Promise<KafkaSettings> => {
  const settings: KafkaSettings = { brokers, topic: `events-${crypto.randomUUID()}`, partitions, replication: 1, tls: undefined, sasl: undefined };
  // A leader that has only just been chosen may not know it yet.
  await keepTrying(async () => { await openTopic(kafkaClient(settings), settings); }, new AbortController().signal, () => undefined);
  return settings;
};

/** Puts events at the end of a topic, exactly as they are. */
export class TopicWriter {
  private constructor(private readonly producer: Producer, private readonly topic: string) {}

  static async open(settings: KafkaSettings): Promise<TopicWriter> {
    const producer = kafkaClient(settings).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return new TopicWriter(producer, settings.topic);
  }

  async send(events: readonly RecordedEvent[], logId: string): Promise<void> {
    const messages = events.map((event) => { const { key, value, headers } = toMessage(event, logId); return { key, value, headers: { ...headers } }; });
    // A broker that was away may not know yet that it leads.
    if (messages.length > 0) await keepTrying(async () => { await this.producer.send({ topic: this.topic, acks: -1, messages }); }, new AbortController().signal, () => undefined);
  }

  close(): Promise<void> {
    return this.producer.disconnect();
  }
}
