import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka, KafkaMessage } from 'kafkajs';
import { administer } from './kafka-client.js';
import { fromMessage, type RelayedEvent } from './event-message.js';
import { rangesOf } from './topic-ranges.js';

/** So many of a partition's last messages are looked at: late repeats of older events may stand behind the newest. */
const LAST = 50;
/** From when the brokers let us read. What they have not brought by then was compacted away, or they are too slow to be waited for. */
const BROUGHT_WITHIN_MS = 10_000;

/**
 * The newest event, by position, among the last messages of each partition that has some. What no relay sent is passed
 * over: those who consume it stop there.
 * @throws what the brokers say
 */
export const newestEvents = async (kafka: Kafka, topic: string, signal: AbortSignal): Promise<readonly RelayedEvent[]> => {
  const wanted = new Map([...await administer(kafka, (admin) => rangesOf(admin, topic))].filter(([, { low, high }]) => low < high));
  if (wanted.size === 0) return [];
  const newest = new Map<number, RelayedEvent>();
  const missing = new Set(wanted.keys());
  const over = new AbortController();
  const take = (partition: number, messages: readonly KafkaMessage[]): void => {
    for (const message of messages) {
      const event = readable(message);
      if (event && event.position > (newest.get(partition)?.position ?? '')) newest.set(partition, event);
      if (Number(message.offset) + 1 >= (wanted.get(partition)?.high ?? 0)) missing.delete(partition);
    }
    if (missing.size === 0) over.abort();
  };
  // The library reads as a member of a group only. This one has a single member, and is gone with it.
  const consumer = kafka.consumer({ groupId: `meterbook.relay.${crypto.randomUUID()}`, allowAutoTopicCreation: false, maxWaitTimeInMs: 200, retry: { retries: 2, restartOnFailure: () => Promise.resolve(false) } });
  let failure: Error | undefined;
  consumer.on('consumer.crash', ({ payload: { error } }) => {
    failure = error;
    over.abort();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: false });
    await consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => take(batch.partition, batch.messages) });
    for (const [partition, { low, high }] of wanted) consumer.seek({ topic, partition, offset: String(Math.max(low, high - LAST)) });
    await delay(BROUGHT_WITHIN_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
    signal.throwIfAborted();
    if (failure) throw failure;
    return [...newest.values()];
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
};

const readable = (message: KafkaMessage): RelayedEvent | undefined => {
  try {
    return fromMessage(message);
  } catch {
    return undefined;
  }
};
