/** What every request of a job asks for. Accounts are `a000000`, `a000001`, …; ids of holds begin with `run`, so that no two jobs share one. */
export type Conversation =
  /** Opens accounts `from` to `to`, and buys each credit for a long run; ends by itself. */
  | { readonly kind: 'open-accounts'; readonly from: number; readonly to: number }
  /** Holds and settles on accounts chosen at random, for ever. */
  | { readonly kind: 'hold-and-settle'; readonly run: string; readonly accounts: number; readonly firstAccount?: number }
  | { readonly kind: 'read-balance'; readonly accounts: number };

/** One stretch of load, described to the generator's process. */
export interface LoadJob {
  /** Connections are spread over these in turn. */
  readonly ports: readonly number[];
  readonly connections: number;
  readonly conversation: Conversation;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Requests a second over all connections. Left out: each connection sends as soon as it is answered. */
  readonly rate?: number | undefined;
}

export interface LoadResult {
  /** Answers as expected, per second of the measured time. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by status over the whole job, warm-up included. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The first answer that was not the expected one. */
  readonly unexpected?: string | undefined;
  /** CPU time the generator took for an answer, in microseconds. */
  readonly cpuMicros: number;
}
