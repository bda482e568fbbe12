/** What spans say; ids and counts, never a name, an address or an amount. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface NewSpan {
  readonly name: string;
  readonly kind: 'server' | 'internal' | 'client' | 'producer' | 'consumer';
  /** The W3C trace context of what led to it; undefined begins a trace. */
  readonly parent: string | undefined;
  readonly attributes?: Attributes;
  /** By `performance.now()`; now when left out. */
  readonly startedAt?: number;
}

export interface Span {
  /** The W3C trace context for what it leads to. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  /** @param failure what nobody expected; a refusal is an outcome, not a failure */
  end(failure?: unknown): void;
}

/**
 * Where spans go. Contexts are passed on by hand, as text: in the origin of a command, in the envelope of its events, in
 * the header of their messages. So nothing has to follow the calls in between, and without tracing nothing is done at all.
 */
export interface Tracing {
  start(span: NewSpan): Span;
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>;
}
