import type { SealedEvent } from '#libs/kernel';
import type { AppendOptions, Appended, EventLog, Position, RecordedEvent, SubscribeOptions } from '#libs/event-log';

/** A log in front of another, for those who look at some of what passes. */
export class ForwardingLog implements EventLog {
  readonly id: string;
  readonly maxAppendBytes: number;

  constructor(private readonly log: EventLog) {
    this.id = log.id;
    this.maxAppendBytes = log.maxAppendBytes;
  }

  append(stream: string, events: readonly SealedEvent[], expected: number, options?: AppendOptions): Promise<Appended> {
    return this.log.append(stream, events, expected, options);
  }

  read(stream: string, options?: { from?: number; limit?: number }): AsyncIterable<readonly RecordedEvent[]> {
    return this.log.read(stream, options);
  }

  head(stream: string): Promise<number> {
    return this.log.head(stream);
  }

  readAll(options?: { after?: Position | undefined; batchSize?: number }): AsyncIterable<readonly RecordedEvent[]> {
    return this.log.readAll(options);
  }

  subscribe(options: SubscribeOptions): AsyncIterable<readonly RecordedEvent[]> {
    return this.log.subscribe(options);
  }

  end(): Promise<Position | undefined> {
    return this.log.end();
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
