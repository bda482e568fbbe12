import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Gathering } from '../gatherer.js';
import { Delivery } from './delivery.js';

/**
 * A member that says nothing for as long has its partitions given to others; it says something every second, and a wait
 * for messages lasts half of that, so that it hears of others coming and going.
 */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1_000;
const WAIT_MS = 500;
const GOODBYE_MS = 5_000;

export interface MembershipParts {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topic: string;
  readonly logId: string;
  readonly gathering: Gathering;
  readonly signal: AbortSignal;
}

/**
 * A process's place in the group that shares the partitions. Where each partition goes on is kept in the database, not by
 * the brokers: a partition that is assigned waits until that has been looked up.
 */
export class Membership {
  private readonly consumer: Consumer;
  private running: Promise<void> = Promise.resolve();
  private current: Delivery | undefined;
  private failure: { readonly error: unknown } | undefined;
  private wake: () => void = () => {};
  private readonly onAbort = (): void => this.wake();

  constructor(private readonly parts: MembershipParts) {
    this.consumer = parts.kafka.consumer({
      groupId: parts.group, sessionTimeout: SESSION_MS, rebalanceTimeout: SESSION_MS, heartbeatInterval: HEARTBEAT_MS, maxWaitTimeInMs: WAIT_MS,
      allowAutoTopicCreation: false,
      // Enough for a group in which many come at once; after that it is we who try again, and it shows.
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(false) },
    });
    this.consumer.on('consumer.group_join', ({ payload }) => this.assigned(payload.memberAssignment[parts.topic] ?? []));
    this.consumer.on('consumer.crash', ({ payload }) => this.fail(payload.error));
  }

  async join(): Promise<void> {
    this.parts.signal.addEventListener('abort', this.onAbort);
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: this.parts.topic, fromBeginning: true });
    this.running = this.consumer.run({ autoCommit: false, eachBatch: (payload) => this.receive(payload) });
    this.running.catch((error: unknown) => this.fail(error));
  }

  /** What is assigned to this process, as soon as that is known; undefined at the abort. @throws what ended the membership */
  async delivery(): Promise<Delivery | undefined> {
    const { signal } = this.parts;
    while (!signal.aborted) {
      if (this.failure) throw this.failure.error;
      if (this.current && !this.current.isOver) return this.current;
      await new Promise<void>((resolve) => { this.wake = resolve; });
    }
    return undefined;
  }

  /** Lets the messages of a delivery come, each partition from its offset on. */
  begin(delivery: Delivery, next: ReadonlyMap<number, number>): void {
    if (delivery.isOver || this.failure) return;
    const { topic } = this.parts;
    const own = new Map(delivery.partitions.map((partition) => [partition, next.get(partition) ?? 0]));
    delivery.begin(own);
    for (const [partition, offset] of own) this.consumer.seek({ topic, partition, offset: String(offset) });
    this.consumer.resume([{ topic }]);
  }

  /** Ends a delivery; another one of the same partitions takes its place. */
  again(delivery: Delivery): void {
    if (!delivery.isOver && !this.failure) this.assigned(delivery.partitions);
  }

  hurry(): void {
    this.current?.hurry();
  }

  /** Hands the partitions over to the others. */
  async leave(): Promise<void> {
    this.parts.signal.removeEventListener('abort', this.onAbort);
    this.current?.end();
    // A member that is about to join would be one for good if it was told to stop before.
    const left = this.running.catch(() => undefined).then(() => this.consumer.disconnect()).catch(() => undefined);
    await Promise.race([left, delay(GOODBYE_MS, undefined, { ref: false })]);
  }

  private assigned(partitions: readonly number[]): void {
    const { topic, logId, gathering, signal } = this.parts;
    this.current?.end();
    this.consumer.pause([{ topic }]);
    this.current = new Delivery(partitions, logId, gathering, signal);
    this.wake();
  }

  private fail(error: unknown): void {
    this.failure = { error };
    this.current?.fail(error);
    this.wake();
  }

  /** Takes messages over for as long as there is room; the group is told meanwhile that this process is alive. */
  private async receive(payload: EachBatchPayload): Promise<void> {
    if (!this.current || payload.isStale()) return; // asked for before the partition was told where to go on
    const taken = this.current.put(payload.batch.partition, payload.batch.messages).then(() => true);
    while (!(await Promise.race([taken, delay(HEARTBEAT_MS, false, { ref: false })]))) await stayMember(payload);
  }
}

/** After these the library joins anew, and another delivery begins. */
const NO_LONGER_MEMBER = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'NOT_COORDINATOR_FOR_GROUP']);

/** Whatever else goes wrong shows at the next fetch; thrown here, it would have messages fetched again that have been taken over. */
const stayMember = async (payload: EachBatchPayload): Promise<void> => {
  try {
    await payload.heartbeat();
  } catch (error) {
    if (NO_LONGER_MEMBER.has(String((error as { type?: unknown }).type))) throw error;
  }
};
