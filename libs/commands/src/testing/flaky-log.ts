import { BillingError, type SealedEvent } from '#libs/kernel';
import type { AppendOptions, Appended, EventLog } from '#libs/event-log';

/** What happens to the next appends: lost before they are written, or written with the answer lost. */
export type Fault = 'lost' | 'unanswered';

/** A log that fails as it is told to, and lets specs look at what was appended and hold appends back. */
export class FlakyLog implements EventLog {
  readonly id: string;
  readonly faults: Fault[] = [];
  appends = 0;
  /** Called before each append reaches the log. */
  before: (stream: string, events: readonly SealedEvent[]) => Promise<void> = () => Promise.resolve();

  constructor(private readonly log: EventLog) {
    this.id = log.id;
  }

  get maxAppendBytes(): number { return this.log.maxAppendBytes; }

  async append(stream: string, events: readonly SealedEvent[], expected: number, options?: AppendOptions): Promise<Appended> {
    this.appends += 1;
    await this.before(stream, events);
    const fault = this.faults.shift();
    const down = new BillingError('unavailable', 'log_unavailable', { detail: 'told to fail' });
    if (fault === 'lost') throw down;
    const appended = await this.log.append(stream, events, expected, options);
    if (fault === 'unanswered') throw down;
    return appended;
  }

  read: EventLog['read'] = (...args) => this.log.read(...args);
  head: EventLog['head'] = (...args) => this.log.head(...args);
  readAll: EventLog['readAll'] = (...args) => this.log.readAll(...args);
  subscribe: EventLog['subscribe'] = (...args) => this.log.subscribe(...args);
  end: EventLog['end'] = () => this.log.end();
  close: EventLog['close'] = () => this.log.close();
}
