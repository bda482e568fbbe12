/** Where the brokers are, and which topic carries the events of one log. */
export interface KafkaSettings {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Partitions the topic is made with when it does not exist: a growth decision, as changing it later breaks the order of an account. */
  readonly partitions: number;
  /** Copies of the topic when it is made: 1 where there is one broker, 3 wherever events must outlive one. */
  readonly replication: number;
  /** Undefined: without encryption. `ca`: PEM text, where the brokers' certificates are not from a public authority. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly sasl: KafkaLogin | undefined;
}

export interface KafkaLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}
