import { BillingError, type SealedEvent } from '#libs/kernel';
import {
  RevisionConflict, StaleGuard,
  type AppendOptions, type Appended, type EventLog, type Position, type RecordedEvent, type SubscribeOptions,
} from '../event-log.js';
import { appendTooLarge, fitsOneAppend } from '../append-bytes.js';
import { MemoryRewound, type Found, type IdUse, type Snapshot, type StreamMemory } from '../stream-memory.js';

/** What logs on one store share, as processes share a database. */
export class InMemoryStore {
  readonly id = crypto.randomUUID();
  readonly all: RecordedEvent[] = [];
  readonly streams = new Map<string, RecordedEvent[]>();
  readonly wakers = new Set<() => void>();
}

const numberOf = (position: Position | undefined): number => Number(position ?? 0);

/** The event log for unit tests: the contract, and nothing that outlives the process. */
export class InMemoryEventLog implements EventLog {
  readonly id: string;
  private readonly closing = new AbortController();

  constructor(private readonly store = new InMemoryStore(), readonly maxAppendBytes = 1_000_000) {
    this.id = store.id;
  }

  async append(stream: string, events: readonly SealedEvent[], expected: number, { guards = [] }: AppendOptions = {}): Promise<Appended> {
    await this.turn();
    if (!fitsOneAppend(events, this.maxAppendBytes)) throw appendTooLarge(stream);
    const stored = this.store.streams.get(stream) ?? [];
    const first = stored.slice(expected + 1, expected + 1 + events.length);
    if (stored.length - 1 !== expected) {
      const repeated = events.length > 0 && first.length === events.length && first.every(({ id }, at) => id === events[at]?.id);
      if (!repeated) throw new RevisionConflict(stream, expected, stored.length - 1);
      return { revision: expected + events.length, position: first.at(-1)?.position };
    }
    for (const guard of guards) {
      const actual = this.revisionOf(guard.stream);
      if (actual !== guard.revision) throw new StaleGuard(guard.stream, guard.revision, actual);
    }
    for (const { id, type, body } of events) {
      const event = { id, type, body, stream, revision: stored.length, position: String(this.store.all.length + 1).padStart(16, '0') };
      stored.push(event);
      this.store.all.push(event);
    }
    if (events.length > 0) this.store.streams.set(stream, stored);
    for (const wake of this.store.wakers) wake();
    return { revision: expected + events.length, position: events.length > 0 ? this.store.all.at(-1)?.position : undefined };
  }

  async *read(stream: string, { from = 0, limit = Infinity }: { from?: number; limit?: number } = {}): AsyncGenerator<readonly RecordedEvent[], void> {
    await this.turn();
    const events = (this.store.streams.get(stream) ?? []).slice(from, from + limit);
    if (events.length > 0) yield events;
  }

  async head(stream: string): Promise<number> {
    await this.turn();
    return this.revisionOf(stream);
  }

  async *readAll({ after, batchSize = 100 }: { after?: Position | undefined; batchSize?: number } = {}): AsyncGenerator<readonly RecordedEvent[], void> {
    await this.turn();
    const end = this.store.all.length;
    for (let at = numberOf(after); at < end; at += batchSize) yield this.store.all.slice(at, Math.min(end, at + batchSize));
  }

  async *subscribe({ after, batchSize = 100, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[], void> {
    await this.turn();
    const until = AbortSignal.any([signal, this.closing.signal]);
    for (let at = numberOf(after); !until.aborted;) {
      const batch = this.store.all.slice(at, at + batchSize);
      at += batch.length;
      if (batch.length > 0) yield batch;
      else await this.more(until);
    }
  }

  async end(): Promise<Position | undefined> {
    await this.turn();
    return this.store.all.at(-1)?.position;
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private revisionOf(stream: string): number {
    return (this.store.streams.get(stream)?.length ?? 0) - 1;
  }

  /** Nothing is answered at once, as with a log that is elsewhere. */
  private async turn(): Promise<void> {
    if (this.closing.signal.aborted) throw new BillingError('unavailable', 'log_unavailable');
    await new Promise((resolve) => { setImmediate(resolve); });
  }

  private more(until: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.store.wakers.delete(wake);
        resolve();
      };
      this.store.wakers.add(wake);
      until.addEventListener('abort', wake, { once: true });
    });
  }
}

/** Snapshots and the id index for unit tests. */
export class InMemoryStreamMemory implements StreamMemory {
  private snapshots = new Map<string, Snapshot>();
  private uses = new Map<string, Map<string, ReadonlySet<number>>>();

  async load(stream: string): Promise<Snapshot | undefined> {
    return this.snapshots.get(stream);
  }

  async save(stream: string, snapshot: Snapshot, uses: readonly IdUse[], base: number): Promise<void> {
    const stored = this.indexedTo(stream);
    if (stored < base) throw new MemoryRewound(stream, base, stored);
    if (stored <= snapshot.revision) this.snapshots.set(stream, snapshot);
    const index = this.uses.get(stream) ?? new Map<string, ReadonlySet<number>>();
    for (const { key, revision } of uses) index.set(key, new Set([...index.get(key) ?? [], revision]));
    this.uses.set(stream, index);
  }

  async find(stream: string, keys: readonly string[]): Promise<Found> {
    const uses = new Map<string, readonly number[]>();
    for (const key of keys) {
      const revisions = this.uses.get(stream)?.get(key);
      if (revisions) uses.set(key, [...revisions].sort((a, b) => a - b));
    }
    return { indexedTo: this.indexedTo(stream), uses };
  }

  async discard(stream: string, { revision, hash }: Pick<Snapshot, 'revision' | 'hash'>): Promise<void> {
    const stored = this.snapshots.get(stream);
    if (stored?.revision !== revision || stored.hash !== hash) return;
    this.snapshots.delete(stream);
    this.uses.delete(stream);
  }

  /** Keeps what it knows now; the answer sets it back to that. */
  backUp(): () => void {
    const [snapshots, uses] = [new Map(this.snapshots), new Map([...this.uses].map(([stream, index]) => [stream, new Map(index)]))];
    return () => { [this.snapshots, this.uses] = [new Map(snapshots), new Map([...uses].map(([stream, index]) => [stream, new Map(index)]))]; };
  }

  private indexedTo(stream: string): number {
    return this.snapshots.get(stream)?.revision ?? -1;
  }
}
