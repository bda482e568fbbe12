import type { KafkaMessage } from 'kafkajs';
import type { RecordedEvent } from '#libs/event-log';
import { Gatherer, type Gathering } from '../gatherer.js';
import { fromMessage } from './event-message.js';

/** An event as a partition brought it. */
export interface DeliveredEvent extends RecordedEvent {
  readonly partition: number;
  readonly offset: number;
}

/** The topic is fed from another log than the consumer's: a restored one, or the settings point elsewhere. Nothing of it is applied. */
export class ForeignEvent extends Error {
  constructor(readonly log: string, readonly found: string, { stream, revision, partition, offset }: DeliveredEvent) {
    super(`offset ${offset} of partition ${partition} holds revision ${revision} of ${stream} from the log ${found}, and this is the feed of ${log}; give the log a topic of its own`);
    this.name = 'ForeignEvent';
  }
}

/** A partition goes on elsewhere than where the consumer was: retention has removed messages, or the topic is another one of that name. */
export class MissingMessages extends Error {
  constructor(readonly partition: number, expected: number, found: number) {
    super(`partition ${partition} goes on at offset ${found}, and ${expected} was next`);
    this.name = 'MissingMessages';
  }
}

/** What some partitions bring to this process until they are assigned anew. */
export class Delivery {
  private readonly ending = new AbortController();
  private readonly over: AbortSignal;
  private readonly gatherer: Gatherer<DeliveredEvent>;
  private readonly next = new Map<number, number>();
  private isBroken = false;

  constructor(readonly partitions: readonly number[], private readonly logId: string, gathering: Gathering, signal: AbortSignal) {
    this.over = AbortSignal.any([signal, this.ending.signal]);
    this.gatherer = new Gatherer(gathering, this.over);
  }

  get isOver(): boolean {
    return this.over.aborted;
  }

  /** Says where each partition goes on; what comes before that is said is of an earlier delivery. */
  begin(next: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of next) this.next.set(partition, offset);
  }

  /** Resolves when there is room for more. */
  async put(partition: number, messages: readonly KafkaMessage[]): Promise<void> {
    const expected = this.next.get(partition);
    const first = Number(messages[0]?.offset ?? expected);
    if (expected === undefined || this.isOver || this.isBroken) return;
    if (first !== expected) {
      this.fail(new MissingMessages(partition, expected, first));
      return;
    }
    const events: DeliveredEvent[] = [];
    try {
      for (const message of messages) events.push(this.read(partition, message));
    } catch (error) {
      this.fail(error); // after those before it
    }
    this.next.set(partition, expected + events.length);
    await this.gatherer.put(events);
  }

  /** All that has arrived, once there is something; undefined when it is over. @throws what ended it */
  take(): Promise<readonly DeliveredEvent[] | undefined> {
    return this.gatherer.take();
  }

  hurry(): void {
    this.gatherer.hurry();
  }

  /** Nothing more will come; what came before is still handed on. */
  fail(error: unknown): void {
    this.isBroken = true;
    this.gatherer.fail(error);
  }

  end(): void {
    this.ending.abort();
  }

  /** Resolves when it is over. */
  async ended(): Promise<void> {
    await this.gatherer.take();
  }

  private read(partition: number, message: KafkaMessage): DeliveredEvent {
    const { logId, ...recorded } = fromMessage(message);
    const event = { ...recorded, partition, offset: Number(message.offset) };
    if (logId !== this.logId) throw new ForeignEvent(this.logId, logId, event);
    return event;
  }
}
