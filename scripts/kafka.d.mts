export interface KafkaBroker {
  readonly version: string;
  readonly port: number;
  /** Its data and settings. */
  readonly home: string;
  /** Addresses to connect to. */
  readonly brokers: readonly string[];
  /** PEM text of whom to trust, for a broker with `secure`. */
  readonly ca: string | undefined;
  /** kill -9. What it had acknowledged is in its data. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, and waits until it is ready; kills it first where it still runs. */
  restart(): Promise<void>;
  /** It answers nothing, and its connections stay open. */
  freeze(): void;
  thaw(): void;
  /** Resolves when it ends, by itself or not. */
  ended(): Promise<void>;
  /** Its data is removed. */
  stop(): Promise<void>;
}
export declare const CURRENT: string;
export declare const BEFORE: string;
/** Whom a broker with `secure` lets in. */
export declare const LOGIN: { readonly username: string; readonly password: string };
export declare const whyNoKafka: () => string | undefined;
export interface BrokerOptions {
  readonly version?: string | undefined;
  readonly port?: number | undefined;
  /** Where its clients are told to find it, when something stands between. */
  readonly advertisedPort?: number | undefined;
  readonly secure?: boolean | undefined;
}
export declare const startBroker: (options?: BrokerOptions) => Promise<KafkaBroker>;
