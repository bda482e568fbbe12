import type { SealedEvent } from '#libs/kernel';
import {
  RevisionConflict, StaleGuard, type AppendOptions, type Appended, type EventLog, type RecordedEvent, type SubscribeOptions,
} from '../../event-log.js';

/** A part of a log as if it were the whole: its streams have names that begin with a prefix, which nobody sees. */
export class RenamedLog implements EventLog {
  constructor(private readonly log: EventLog, private readonly prefix: string) {}

  get id(): string { return this.log.id; }

  get maxAppendBytes(): number { return this.log.maxAppendBytes; }

  async append(stream: string, events: readonly SealedEvent[], expected: number, { guards = [] }: AppendOptions = {}): Promise<Appended> {
    try {
      return await this.log.append(this.prefix + stream, events, expected, { guards: guards.map((guard) => ({ ...guard, stream: this.prefix + guard.stream })) });
    } catch (error) {
      if (error instanceof RevisionConflict) throw new RevisionConflict(this.seen(error.stream), error.expected, error.actual);
      if (error instanceof StaleGuard) throw new StaleGuard(this.seen(error.stream), error.expected, error.actual);
      throw error;
    }
  }

  read(stream: string, options?: { from?: number; limit?: number }): AsyncIterable<readonly RecordedEvent[]> {
    return this.all(this.log.read(this.prefix + stream, options));
  }

  head(stream: string): Promise<number> { return this.log.head(this.prefix + stream); }

  readAll(options?: Parameters<EventLog['readAll']>[0]): AsyncIterable<readonly RecordedEvent[]> { return this.all(this.log.readAll(options)); }

  subscribe(options: SubscribeOptions): AsyncIterable<readonly RecordedEvent[]> { return this.all(this.log.subscribe(options)); }

  end(): Promise<string | undefined> { return this.log.end(); }

  close(): Promise<void> { return this.log.close(); }

  private async *all(batches: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<readonly RecordedEvent[], void> {
    for await (const batch of batches) yield batch.map((event) => ({ ...event, stream: this.seen(event.stream) }));
  }

  private seen(name: string): string { return name.slice(this.prefix.length); }
}
