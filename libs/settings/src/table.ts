import path from 'node:path';
import { z } from 'zod';
import { parseOperatorTokens, ROLES } from '#libs/http';

/** One environment variable. */
export interface Setting<Value> {
  readonly what: string;
  /** Where it is not set, or empty. */
  readonly standard: string;
  readonly allowed: string;
  /** What was set is never shown. */
  readonly secret?: true;
  /** It says something only where this other one has this value. */
  readonly with?: { readonly name: string; readonly value: string };
  readonly schema: z.ZodType<Value, string>;
}

const define = <Value>(setting: Setting<Value>): Setting<Value> => setting;

const isDatabaseUrl = (text: string): boolean => /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text);

const operatorTokens = z.string().transform((text, context) => {
  try {
    return text === '' ? [] : parseOperatorTokens(text);
  } catch (error) {
    context.issues.push({ code: 'custom', input: '', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Undefined where it is left out. */
const optional = (isGood: (text: string) => boolean) => z.string().refine((text) => text === '' || isGood(text)).transform((text) => text || undefined);

const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^[0-9]{1,9}$/).transform(Number).refine((number) => number >= least && number <= most);

const BROKER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;
const brokers = z.string().transform((text) => (text === '' ? [] : text.split(',').map((broker) => broker.trim())))
  .refine((all) => all.every((broker) => Number(BROKER.exec(broker)?.[2] ?? 0) > 0 && Number(BROKER.exec(broker)?.[2]) <= 65_535));

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

const isCollector = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);

const forEventStore = { name: 'EVENT_LOG', value: 'eventstoredb' } as const;
const forKafka = { name: 'EVENT_FEED', value: 'kafka' } as const;

/** All settings, in the order in which people read of them. */
export const table = {
  HOST: define({
    what: 'address to listen on', standard: '0.0.0.0', allowed: 'an address or a name of this machine',
    schema: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/),
  }),
  PORT: define({
    what: 'port to listen on; 0 takes any free one', standard: '3000', allowed: 'a whole number from 0 to 65535',
    schema: wholeNumber(0, 65_535),
  }),
  METERBOOK_DATA_DIR: define({
    what: 'directory for the database and the operator token', standard: './data', allowed: 'a path',
    schema: z.string().refine((text) => !text.includes('\0')).transform((text) => path.resolve(text)),
  }),
  METERBOOK_OPERATOR_TOKEN: define({
    what: `token for an admin, or role:token,role:token with the roles ${ROLES.join(', ')}`, standard: '',
    allowed: 'a token, or role:token,role:token', secret: true, schema: operatorTokens,
  }),
  DATABASE_URL: define({
    what: 'PostgreSQL server to use; needed where processes are started one by one', standard: '',
    allowed: 'a URL such as postgres://user:password@host:5432/database', secret: true, schema: optional(isDatabaseUrl),
  }),
  EVENT_LOG: define({
    what: 'where events are kept: postgres or eventstoredb (KurrentDB)', standard: 'postgres', allowed: 'postgres or eventstoredb',
    schema: z.enum(['postgres', 'eventstoredb']),
  }),
  EVENTSTOREDB_URL: define({
    what: 'EventStoreDB to use', standard: '', secret: true, with: forEventStore,
    allowed: 'a connection string such as esdb://user:password@host:2113?tls=true, with several hosts or esdb+discover:// for a cluster',
    schema: optional((text) => /^(?:esdb|kurrentdb|kurrent|kdb)(?:\+discover)?:\/\/[^/?\s]+(?:[/?]\S*)?$/.test(text)),
  }),
  EVENT_FEED: define({
    what: 'how events reach the read models: direct (from the log) or kafka', standard: 'direct', allowed: 'direct or kafka',
    schema: z.enum(['direct', 'kafka']),
  }),
  KAFKA_BROKERS: define({
    what: 'brokers to begin with', standard: '', allowed: 'host:port,host:port', with: forKafka, schema: brokers,
  }),
  KAFKA_TOPIC: define({
    what: 'topic of all events', standard: 'meterbook.events', allowed: '1 to 249 characters of A-Z a-z 0-9 . _ -', with: forKafka,
    schema: z.string().regex(/^[A-Za-z0-9._-]{1,249}$/).refine((text) => text !== '.' && text !== '..'),
  }),
  KAFKA_PARTITIONS: define({
    what: 'partitions the topic is made with: as many projectors as there may ever be', standard: '12', allowed: 'a whole number from 1 to 10000', with: forKafka,
    schema: wholeNumber(1, 10_000),
  }),
  KAFKA_REPLICATION: define({
    what: 'copies the topic is made with (as many as KAFKA_BROKERS names, at most 3)', standard: '', allowed: 'a whole number from 1 to 100', with: forKafka,
    schema: optional((text) => /^[1-9][0-9]?$|^100$/.test(text)).transform((text) => (text === undefined ? undefined : Number(text))),
  }),
  KAFKA_TLS: define({
    what: 'encrypt connections to brokers: true or false', standard: 'false', allowed: 'true or false', with: forKafka,
    schema: z.enum(['true', 'false']).transform((text) => text === 'true'),
  }),
  KAFKA_TLS_CA_FILE: define({
    what: 'PEM file of the authority that signed the brokers\' certificates, where the system does not know it', standard: '', allowed: 'a path', with: forKafka,
    schema: optional((text) => !text.includes('\0')),
  }),
  KAFKA_SASL_MECHANISM: define({
    what: 'how to log in to brokers: plain, scram-sha-256 or scram-sha-512; empty: not at all', standard: '', allowed: 'plain, scram-sha-256 or scram-sha-512', with: forKafka,
    schema: z.enum(['', 'plain', 'scram-sha-256', 'scram-sha-512']).transform((text) => text || undefined),
  }),
  KAFKA_SASL_USERNAME: define({ what: 'who logs in to brokers', standard: '', allowed: 'a name', with: forKafka, schema: optional(() => true) }),
  KAFKA_SASL_PASSWORD: define({ what: 'and the password', standard: '', allowed: 'a password', secret: true, with: forKafka, schema: optional(() => true) }),
  LOG_LEVEL: define({
    what: 'from which level on things are told on standard error; info: a line for each request', standard: 'warn', allowed: LOG_LEVELS.join(', '),
    schema: z.enum(LOG_LEVELS),
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: define({
    what: 'OpenTelemetry collector to send traces to, over HTTP; other OTEL_ variables count too', standard: '', allowed: 'a URL such as http://collector:4318',
    schema: optional(isCollector),
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: define({
    what: 'the same, with the path for traces', standard: '', allowed: 'a URL such as http://collector:4318/v1/traces', schema: optional(isCollector),
  }),
} as const;

export type Table = typeof table;
export type Values = { readonly [Name in keyof Table]: z.output<Table[Name]['schema']> };
