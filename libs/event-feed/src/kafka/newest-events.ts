import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka, KafkaMessage } from 'kafkajs';
import { administer } from './kafka-client.js';
import { fromMessage, type RelayedEvent } from './event-message.js';
import { rangesOf } from './topic-ranges.js';

/** Brokers that say nothing for as long are out of reach. */
const SILENCE_MS = 10_000;
/** How long the brokers may take over one step of joining a group, and how soon they forget a member. */
const SESSION_MS = 10_000;
const GOODBYE_MS = 1_000;

/** That a partition brought nothing is taken from no silence. */
class Unanswered extends Error {
  override readonly name = 'KafkaJSUnanswered';
}

/**
 * The newest event, by position, among so many of the last messages of each partition that has some: repeats of older
 * events may stand behind it. What no relay sent is passed over: those who consume it stop there.
 * @throws what the brokers say, or that they say nothing
 */
export const newestEvents = async (kafka: Kafka, topic: string, last: number, signal: AbortSignal): Promise<readonly RelayedEvent[]> => {
  const unread = new Map([...await administer(kafka, (admin) => rangesOf(admin, topic))].filter(([, { low, high }]) => low < high));
  signal.throwIfAborted();
  if (unread.size === 0) return [];
  const starts = [...unread].map(([partition, { low, high }]) => ({ topic, partition, offset: String(Math.max(low, high - last)) }));
  const newest = new Map<number, RelayedEvent>();
  const take = (partition: number, messages: readonly KafkaMessage[]): void => {
    for (const message of messages) {
      const event = readable(message);
      if (event && event.position > (newest.get(partition)?.position ?? '')) newest.set(partition, event);
    }
  };
  // The library reads as a member of a group only. This one has a single member, and is gone with it.
  const consumer = kafka.consumer({
    groupId: `meterbook.relay.${crypto.randomUUID()}`, sessionTimeout: SESSION_MS, rebalanceTimeout: SESSION_MS, maxWaitTimeInMs: 200,
    allowAutoTopicCreation: false,
    retry: { retries: 2, restartOnFailure: () => Promise.resolve(false) },
  });
  const over = new AbortController();
  const done = new Promise<void>((resolve, reject) => {
    const silence = setTimeout(() => reject(new Unanswered(`the brokers do not say what ${topic} ends with`)), SILENCE_MS);
    over.signal.addEventListener('abort', () => clearTimeout(silence));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: over.signal });
    consumer.on('consumer.crash', ({ payload: { error } }) => reject(error));
    consumer.on('consumer.group_join', () => {
      silence.refresh();
      for (const start of starts) consumer.seek(start);
    });
    // Told of what holds no message too: the last that a partition has may be the end of a transaction.
    consumer.on('consumer.end_batch_process', ({ payload: { partition, lastOffset } }) => {
      silence.refresh();
      if (Number(lastOffset) + 1 >= (unread.get(partition)?.high ?? Infinity)) unread.delete(partition);
      if (unread.size === 0) resolve();
    });
  });
  const reading = (async () => {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => take(batch.partition, batch.messages) });
  })();
  try {
    await Promise.race([done, reading.then(() => done)]);
    return [...newest.values()];
  } finally {
    over.abort();
    // A member that is about to join would be one for longer if it was told to stop before.
    const left = reading.catch(() => undefined).then(() => consumer.disconnect()).catch(() => undefined);
    await Promise.race([left, delay(GOODBYE_MS, undefined, { ref: false })]);
  }
};

const readable = (message: KafkaMessage): RelayedEvent | undefined => {
  try {
    return fromMessage(message);
  } catch {
    return undefined;
  }
};
