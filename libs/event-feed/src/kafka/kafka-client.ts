import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';
import type { KafkaSettings } from './kafka-settings.js';

/** What the client library says of its own work. Whatever fails is thrown as well, so nothing is lost without it. */
export type OnKafkaLog = (level: 'error' | 'warn' | 'info', message: string, details: Readonly<Record<string, unknown>>) => void;

const silent: OnKafkaLog = () => undefined;
const LEVELS: Readonly<Record<number, 'error' | 'warn'>> = { [kafkajs.logLevel.ERROR]: 'error', [kafkajs.logLevel.WARN]: 'warn' };

/** Nobody waits longer than this for one answer; the library's own settings wait without end, or half a minute. */
const TIME_OUTS: Partial<KafkaConfig> = {
  connectionTimeout: 5_000, authenticationTimeout: 5_000, requestTimeout: 10_000,
  // Few and short: who calls tries again by itself, and can say meanwhile that it does.
  retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
};

/** A connection that does not end, since an answer is owed on it, keeps nobody. */
const GOODBYE_MS = 3_000;

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * kafkajs 2.2.4, its last release, looks every millisecond whether a request waits on a connection, forever, by a timer
 * with a negative delay, of which Node 24 warns. It need look only while one waits.
 */
const letIdleConnectionsRest = (): void => {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  const look: (this: RequestQueue) => void = Reflect.get(prototype, 'scheduleCheckPendingRequests');
  prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue): void {
    if (this.pending.length > 0) look.call(this);
  };
};
letIdleConnectionsRest();

export const kafkaClient = ({ brokers, tls, sasl }: KafkaSettings, onLog: OnKafkaLog = silent): Kafka => new kafkajs.Kafka({
  ...TIME_OUTS,
  clientId: 'meterbook',
  brokers: [...brokers],
  ...(tls && { ssl: tls.ca === undefined ? true : { ca: [tls.ca] } }),
  ...(sasl && { sasl: { ...sasl, mechanism: sasl.mechanism } as KafkaConfig['sasl'] }),
  logLevel: kafkajs.logLevel.WARN,
  logCreator: () => ({ level, log: { message, ...details } }: LogEntry) => onLog(LEVELS[level] ?? 'info', message, details),
});

/** Asks or orders something of the cluster, on a connection that is closed after it. */
export const administer = async <Result>(kafka: Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> => {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await Promise.race([admin.disconnect().catch(() => undefined), delay(GOODBYE_MS, undefined, { ref: false })]);
  }
};
