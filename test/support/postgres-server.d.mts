export interface TestServer {
  /** Without a database name. */
  readonly url: string;
  start(): Promise<void>;
  /** Cuts all connections and stops cleanly. */
  stop(): Promise<void>;
  /** Stops at once, without a checkpoint; the next start recovers from the write-ahead log. */
  crash(): Promise<void>;
  /** kill -9 of all its processes; the next start recovers from the write-ahead log. */
  kill(): Promise<void>;
  /** Nothing is done or answered, and its connections stay open. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}
export declare const startServer: () => Promise<TestServer>;
