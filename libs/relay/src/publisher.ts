import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type ICustomPartitioner, type Kafka, type Producer } from 'kafkajs';
import { toMessage, type EventMessage, type Topic } from '#libs/event-feed';
import type { RecordedEvent } from '#libs/event-log';
import { OversizedEvent, TopicRepartitioned, UnreadableEvent, type RelayRefusal } from './refusals.js';

/** Most bytes of one send: more would be no faster, and all of it is sent again when the answer is lost. */
const MOST_BYTES = 4 * 1024 * 1024;
/** What surrounds keys, values and headers: lengths and stamps of a record, and the head of a batch. */
const BYTES_AROUND = 100;
/** The brokers have so long to have all copies; it ends before the client's own patience, since their error says more. */
const COPIES_WITHIN_MS = 8_000;
/** The client gives up by itself long before. It is unmaintained, and here a promise that never settles would stop everything. */
const SEND_WITHIN_MS = 90_000;
/** Who stops waits so long for the send under way. What was sent without an answer is sent again by whoever comes next. */
const GRACE_MS = 3_000;
const GOODBYE_MS = 3_000;

/** Some events that fit into one send; what lies behind them cannot be sent when `refusal` is there. */
export interface Sending {
  readonly events: readonly RecordedEvent[];
  readonly messages: readonly EventMessage[];
  readonly refusal: RelayRefusal | undefined;
}

const bytesOf = ({ key, value, headers }: EventMessage): number => {
  let bytes = BYTES_AROUND + Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const [name, text] of Object.entries(headers)) bytes += name.length + Buffer.byteLength(text) + 4;
  return bytes;
};

const isReadable = (body: string): boolean => {
  const value: unknown = JSON.parse(body);
  return typeof value === 'object' && value !== null;
};

/** Nobody answered in time. What was sent may have arrived. */
class Unanswered extends Error {
  override readonly name = 'KafkaJSUnanswered';
}

/** Sends events of a log to a topic, one send at a time. One that failed is thrown away: nobody knows what it still has in hand. */
export class Publisher {
  private sending: Promise<unknown> = Promise.resolve();

  private constructor(private readonly producer: Producer, private readonly topic: Topic, private readonly logId: string) {}

  /** @throws what the broker says; when `signal` aborts meanwhile, it ends without anything left open */
  static async open(kafka: Kafka, topic: Topic, logId: string, signal: AbortSignal): Promise<Publisher> {
    const producer = kafka.producer({
      idempotent: true, // a send that is repeated because its answer was lost is written once
      maxInFlightRequests: 1, // the library cannot keep the order of more
      allowAutoTopicCreation: false,
      createPartitioner: steadyPartitioner(topic),
      retry: { retries: 1 }, // the least that it takes with `idempotent`; the relay itself tries again, and says so
    });
    const publisher = new Publisher(producer, topic, logId);
    try {
      await producer.connect();
      signal.throwIfAborted();
      return publisher;
    } catch (error) {
      await publisher.close();
      throw error;
    }
  }

  /** The first of these events that go into one send. Those of one partition are one record batch, so all of them may be. */
  pack(events: readonly RecordedEvent[], from: number): Sending {
    const messages: EventMessage[] = [];
    const most = Math.min(MOST_BYTES, this.topic.largestBatch);
    let refusal: RelayRefusal | undefined;
    for (let at = from, total = 0; at < events.length && !refusal; at += 1) {
      const event = events[at] as RecordedEvent;
      const message = toMessage(event, this.logId);
      const bytes = bytesOf(message);
      total += bytes;
      if (total > most && messages.length > 0) break;
      refusal = this.refusalOf(event, bytes);
      if (!refusal) messages.push(message);
    }
    return { events: events.slice(from, from + messages.length), messages, refusal };
  }

  /** Resolves when the brokers have all of it in all copies. */
  async send({ messages }: Sending, signal: AbortSignal): Promise<void> {
    this.sending = this.producer.send({ topic: this.topic.name, messages: [...messages], acks: -1, timeout: COPIES_WITHIN_MS });
    await withPatience(this.sending, signal);
  }

  async close(): Promise<void> {
    const disconnect = (): Promise<void> => this.producer.disconnect().catch(() => undefined);
    await Promise.race([disconnect(), delay(GOODBYE_MS, undefined, { ref: false })]);
    // A send that nobody waits for any more may have opened the connection anew.
    this.sending.then(disconnect, disconnect).catch(() => undefined);
  }

  private refusalOf(event: RecordedEvent, bytes: number): RelayRefusal | undefined {
    if (bytes > this.topic.largestBatch) return new OversizedEvent(event, bytes, this.topic.name, this.topic.largestBatch);
    try {
      if (isReadable(event.body)) return undefined;
      return new UnreadableEvent(event, undefined);
    } catch (error) {
      return new UnreadableEvent(event, error);
    }
  }
}

/** Waits for the end of a send, but not for ever, and after the abort hardly at all. */
const withPatience = (sending: Promise<unknown>, signal: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const giveUp = (): void => reject(new Unanswered('the brokers did not answer'));
  const timers = [setTimeout(giveUp, SEND_WITHIN_MS)];
  const hurry = (): void => { timers.push(setTimeout(giveUp, GRACE_MS)); };
  signal.addEventListener('abort', hurry, { once: true });
  const end = (): void => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', hurry);
  };
  sending.then(() => resolve(), reject).finally(end);
});

/** As every other client of Kafka would choose by the key; not when somebody adds partitions, which gives streams others. */
const steadyPartitioner = ({ name, partitions }: Topic): ICustomPartitioner => () => {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  return (choice) => {
    if (choice.partitionMetadata.length !== partitions) throw new TopicRepartitioned(name, partitions, choice.partitionMetadata.length);
    return choose(choice);
  };
};
