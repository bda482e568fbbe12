import type { Journal } from './journal.js';

export type Expected = 'any' | 'no_stream' | 'stream_exists' | number;

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface StoredEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: number;
  /** Byte offset in the log: increasing, not dense. */
  readonly position: number;
  /** Ticks of 100 ns since 1970. */
  readonly created: string;
}

export type WriteAnswer =
  | { readonly kind: 'done'; readonly revision: number; readonly position: number }
  | { readonly kind: 'wrong-expected-version'; readonly actual: number }
  | { readonly kind: 'stream-deleted' }
  /** A repeat of what is not replicated yet: the server drops it, and its time-out answers. */
  | { readonly kind: 'dropped' };

export type StreamRead = readonly StoredEvent[] | 'stream-not-found' | 'stream-deleted';

interface Stream {
  readonly events: StoredEvent[];
  /** Revisions below are not shown; all of them after a soft delete. */
  truncateBefore: number;
  tombstoned: boolean;
}

/** Header of a record, about. */
const OVERHEAD_BYTES = 160;

/**
 * What an EventStoreDB node knows, answering as the real one does (`CheckCommit` of its IndexWriter, and the recorded
 * answers beside this file). Nodes of one cluster share a store.
 */
export class StreamStore {
  readonly all: StoredEvent[] = [];
  private readonly streams = new Map<string, Stream>();
  /** What `any` and `stream_exists` look repeats up in; a real server loses it with a restart. */
  private readonly recent = new Map<string, StoredEvent>();
  private end = 0;
  private replicated = 0;
  private replicating = true;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly journal?: Journal) {
    journal?.replay({
      append: (stream, events) => { this.write(stream, events); },
      delete: (stream) => { this.hide(stream); },
      tombstone: (stream) => { this.bury(stream); },
    });
    this.forget();
  }

  /** Empties the memory of recent ids. */
  forget(): void {
    this.recent.clear();
  }

  /** From now on what is written is neither shown nor acknowledged, as on a leader that has lost its followers. */
  stopReplicating(): void {
    this.replicating = false;
  }

  replicate(): void {
    this.replicating = true;
    this.replicated = this.all.length;
    for (const wake of this.waiting) wake();
  }

  /** What was not replicated is lost, as with a leader that another one has replaced. */
  discardUnreplicated(): void {
    for (const event of this.all.splice(this.replicated)) {
      this.streams.get(event.stream)?.events.pop();
      if (this.recent.get(event.id) === event) this.recent.delete(event.id);
    }
    this.replicate();
  }

  get isReplicating(): boolean { return this.replicating; }

  /** Events that may be shown, in log order: `all` up to here. */
  get visible(): number { return this.replicated; }

  isVisible(position: number): boolean {
    return position <= (this.all[this.replicated - 1]?.position ?? 0);
  }

  /** Calls back each time more is visible, until the returned function is called. */
  onVisible(listener: () => void): () => void {
    this.waiting.add(listener);
    return () => { this.waiting.delete(listener); };
  }

  append(name: string, expected: Expected, events: readonly ProposedEvent[]): WriteAnswer {
    const refusal = this.check(name, expected, events.map(({ id }) => id));
    if (refusal) return refusal;
    if (events.length > 0) this.journal?.append(name, events);
    const last = this.write(name, events);
    return { kind: 'done', revision: this.streamOf(name).events.length - 1, position: last?.position ?? this.end };
  }

  /** A soft delete: what is there is hidden, and the stream goes on from its revision. */
  delete(name: string, expected: Expected): WriteAnswer {
    const refusal = this.check(name, expected, ['a new id']);
    if (refusal) return refusal;
    if (this.streamOf(name).events.length === 0) return { kind: 'wrong-expected-version', actual: -1 };
    this.journal?.delete(name);
    this.hide(name);
    return { kind: 'done', revision: -1, position: this.end };
  }

  /** The stream is gone for ever. */
  tombstone(name: string, expected: Expected): WriteAnswer {
    const refusal = this.check(name, expected, ['a new id']);
    if (refusal) return refusal;
    this.journal?.tombstone(name);
    this.bury(name);
    return { kind: 'done', revision: -1, position: this.end };
  }

  read(name: string, from: number | 'end', count: number, backwards: boolean): StreamRead {
    const stream = this.streams.get(name);
    if (stream?.tombstoned) return 'stream-deleted';
    if (!stream || stream.events.length === 0 || stream.truncateBefore === Infinity) return 'stream-not-found';
    const isShown = ({ revision, position }: StoredEvent): boolean => revision >= stream.truncateBefore && this.isVisible(position);
    if (!backwards) return stream.events.slice(from === 'end' ? stream.events.length : from).filter(isShown).slice(0, count);
    return stream.events.slice(0, from === 'end' ? undefined : from + 1).filter(isShown).toReversed().slice(0, count);
  }

  /** Undefined when it may be written. */
  private check(name: string, expected: Expected, ids: readonly string[]): WriteAnswer | undefined {
    const { events, truncateBefore, tombstoned } = this.streams.get(name) ?? { events: [], truncateBefore: 0, tombstoned: false };
    const actual = events.length - 1;
    const isSoftDeleted = truncateBefore === Infinity;
    if (tombstoned) return { kind: 'stream-deleted' };
    const wrong: WriteAnswer = { kind: 'wrong-expected-version', actual };
    if (expected === 'stream_exists' && isSoftDeleted) return { kind: 'stream-deleted' };
    if (expected === 'stream_exists' && actual < 0) return wrong;
    if (expected === 'any' || expected === 'stream_exists') {
      const known = ids.map((id) => this.recent.get(id)).map((event) => (event?.stream === name ? event : undefined));
      if (!known[0]) return undefined;
      return known.every((event) => event) ? this.repeated(known.at(-1) as StoredEvent) : wrong;
    }
    const revision = expected === 'no_stream' ? -1 : expected;
    if (revision > actual) return wrong;
    if (revision === actual) return undefined;
    for (const [n, id] of ids.entries()) {
      if (events[revision + 1 + n]?.id === id) continue;
      return n === 0 && expected === 'no_stream' && isSoftDeleted ? undefined : wrong;
    }
    return ids.length === 0 ? wrong : this.repeated(events[revision + ids.length] as StoredEvent);
  }

  /** The answer that the first of two equal appends got. */
  private repeated({ revision, position }: StoredEvent): WriteAnswer {
    return this.isVisible(position) ? { kind: 'done', revision, position } : { kind: 'dropped' };
  }

  private hide(name: string): void {
    this.streamOf(name).truncateBefore = Infinity;
    this.writeMetadata(name);
  }

  private bury(name: string): void {
    this.streamOf(name).tombstoned = true;
    this.writeMetadata(name);
  }

  private write(name: string, events: readonly ProposedEvent[]): StoredEvent | undefined {
    const stream = this.streamOf(name);
    if (stream.truncateBefore === Infinity) {
      stream.truncateBefore = stream.events.length;
      this.writeMetadata(name);
    }
    return this.put(name, stream.events, events);
  }

  private put(stream: string, stored: StoredEvent[], events: readonly ProposedEvent[]): StoredEvent | undefined {
    const created = `${Date.now()}0000`;
    for (const event of events) {
      this.end += OVERHEAD_BYTES + event.data.length;
      const written = { ...event, stream, revision: stored.length, position: this.end, created };
      stored.push(written);
      this.all.push(written);
      if (!this.recent.has(event.id)) this.recent.set(event.id, written);
    }
    if (this.replicating) this.replicate();
    return stored.at(-1);
  }

  /** What a server says about itself stands in the log too, in streams of its own. */
  private writeMetadata(name: string): void {
    const { truncateBefore } = this.streamOf(name);
    const data = Buffer.from(JSON.stringify({ $tb: Math.min(truncateBefore, Number.MAX_SAFE_INTEGER) }));
    this.put(`$$${name}`, this.streamOf(`$$${name}`).events, [
      { id: crypto.randomUUID(), type: '$metadata', contentType: 'application/json', data, metadata: Buffer.alloc(0) },
    ]);
  }

  private streamOf(name: string): Stream {
    const found = this.streams.get(name) ?? { events: [], truncateBefore: 0, tombstoned: false };
    this.streams.set(name, found);
    return found;
  }
}
