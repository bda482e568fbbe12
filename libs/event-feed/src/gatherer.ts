import type { RecordedEvent } from '#libs/event-log';

export interface Gathering {
  /** Most events that wait; whoever brings more waits too. */
  readonly most: number;
  /** Batches start at least this far apart unless somebody hurries: a fuller batch costs less for each event. */
  readonly gatherMs: number;
}

export const GATHERING: Gathering = { most: 5_000, gatherMs: 100 };

/**
 * Stands between arrival and application: what arrives while one batch is applied becomes the next one. The first event
 * after a pause is handed on at once.
 */
export class Gatherer<Event extends RecordedEvent = RecordedEvent> {
  private events: Event[] = [];
  private urgent = false;
  private startedAt = -Infinity;
  private failure: { readonly error: unknown } | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly gathering: Gathering, private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  /** Resolves when there is room for more. */
  async put(events: readonly Event[]): Promise<void> {
    for (const event of events) this.events.push(event);
    this.wake();
    while (this.isFull && !this.signal.aborted) await this.change();
  }

  /** Nothing more will come. What has arrived before is still handed on. */
  fail(error: unknown): void {
    this.failure = { error };
    this.wake();
  }

  hurry(): void {
    this.urgent = true;
    this.wake();
  }

  /** All that has arrived, once there is something; undefined at the abort. @throws what {@link fail} was told */
  async take(): Promise<readonly Event[] | undefined> {
    while (!this.signal.aborted) {
      const patienceMs = this.urgent || this.isFull || this.failure ? 0 : this.startedAt + this.gathering.gatherMs - performance.now();
      if (this.events.length > 0 && patienceMs <= 0) return this.hand();
      if (this.events.length === 0 && this.failure) throw this.failure.error;
      await this.change(this.events.length > 0 ? patienceMs : undefined);
    }
    return undefined;
  }

  private get isFull(): boolean {
    return this.events.length >= this.gathering.most;
  }

  private hand(): readonly Event[] {
    const { events } = this;
    this.events = [];
    this.urgent = false;
    this.startedAt = performance.now();
    this.wake();
    return events;
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private change(atMostMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = atMostMs === undefined ? undefined : setTimeout(resolve, Math.ceil(atMostMs));
      this.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
