import type { Position, RecordedEvent } from '../event-log.js';
import type { Connection, ReadCall } from './connection.js';
import { callFault, ignored, NotLeading, Unanswered } from './faults.js';
import { NO_EVENT, subscriptionRequest } from './read-messages.js';

/** Beyond what its reader takes at once, so much waits here; the rest waits at the server, or older ones end the subscription (see `TooSlow`). */
const BATCHES_AHEAD = 2;

/** Subscribes on a connection, until the abort; what arrived before a fault is given before it is thrown. */
export async function* follow(
  connection: Connection, prefixes: readonly string[], after: Position | undefined, batchSize: number, until: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void> {
  const subscription = new Subscription(connection, prefixes, after, batchSize);
  try {
    for (let batch = await subscription.next(until); batch; batch = await subscription.next(until)) yield batch;
  } finally {
    subscription.end();
  }
}

/** Events of a subscription, from their arrival until they are taken. */
export class Subscription {
  private events: RecordedEvent[] = [];
  private fault: Error | undefined;
  private wake: () => void = ignored;
  private readonly call: ReadCall;

  constructor(connection: Connection, prefixes: readonly string[], private at: Position | undefined, private readonly batchSize: number) {
    this.call = connection.read(subscriptionRequest(prefixes, at));
    this.call.on('data', (event: RecordedEvent | typeof NO_EVENT) => { if (event !== NO_EVENT) this.receive(event); });
    this.call.on('error', (error) => {
      const fault = callFault(error);
      if (fault instanceof NotLeading) connection.lose(fault); // opened again on it, it would be refused again
      this.fail(fault);
    });
    this.call.on('end', () => this.fail(new Unanswered('the server ended the subscription')));
  }

  /** The next batch; undefined at the abort. What arrived before a fault is still given. */
  async next(until: AbortSignal): Promise<readonly RecordedEvent[] | undefined> {
    while (this.events.length === 0 && !until.aborted) {
      if (this.fault) throw this.fault;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        until.addEventListener('abort', this.wake, { once: true });
      });
      until.removeEventListener('abort', this.wake);
    }
    if (until.aborted) return undefined;
    const batch = this.events.length <= this.batchSize ? this.events : this.events.slice(0, this.batchSize);
    this.events = this.events.length <= this.batchSize ? [] : this.events.slice(this.batchSize);
    if (this.events.length <= this.batchSize) this.call.resume();
    return batch;
  }

  /** Without it the server would go on sending; and a call that is paused would wait with all it holds until the connection is lost. */
  end(): void {
    this.call.on('error', ignored);
    this.call.destroy();
    this.call.cancel();
  }

  private receive(event: RecordedEvent): void {
    if (this.at !== undefined && event.position <= this.at) return; // older servers repeat some where they go over to live
    this.at = event.position;
    this.events.push(event);
    if (this.events.length > this.batchSize * BATCHES_AHEAD) this.call.pause();
    this.wake();
  }

  private fail(fault: Error): void {
    this.fault ??= fault;
    this.wake();
  }
}
