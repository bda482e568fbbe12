import type { KafkaSettings } from '#libs/event-feed';
import type { OperatorToken } from '#libs/http';
import { kafkaSettings } from './kafka.js';
import { SettingsError } from './settings-error.js';
import { LOG_LEVELS, table, type Setting, type Values } from './table.js';

/** Where events are kept. */
export type EventLogSettings = { readonly kind: 'postgres' } | { readonly kind: 'eventstoredb'; readonly url: string };

/** How they reach the read models. */
export type EventFeedSettings = { readonly kind: 'direct' } | { readonly kind: 'kafka'; readonly kafka: KafkaSettings };

export type LogLevel = (typeof LOG_LEVELS)[number];

/** How an engine runs, read once at start and passed on from there: nothing else reads the environment. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Empty: the one kept in the data directory, made at the first start. */
  readonly operatorTokens: readonly OperatorToken[];
  /** Undefined: PostgreSQL started by the engine, in the data directory. */
  readonly databaseUrl: string | undefined;
  readonly eventLog: EventLogSettings;
  readonly eventFeed: EventFeedSettings;
  readonly logLevel: LogLevel;
  /** Where traces go, by OTLP over HTTP; undefined: nowhere. */
  readonly tracesTo: string | undefined;
  /** What somebody who starts this should know of what is set, a line each. */
  readonly remarks: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const textOf = (name: string, { standard }: Setting<unknown>, env: Environment): string => env[name]?.trim() || standard;

const read = (name: string, setting: Setting<unknown>, env: Environment): unknown => {
  const text = textOf(name, setting, env);
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const why = issue?.code === 'custom' && issue.message !== 'Invalid input' ? ` (${issue.message})` : '';
  throw new SettingsError(`${name}${setting.secret ? '' : ` is ${JSON.stringify(text)}, which`} cannot be used: it is ${setting.allowed}${why}.`);
};

/** @throws SettingsError for the first setting that cannot be used */
export const readSettings = (env: Environment): Settings => {
  const values = Object.fromEntries(Object.entries(table).map(([name, setting]) => [name, read(name, setting, env)])) as Values;
  const eventFeed: EventFeedSettings = values.EVENT_FEED === 'kafka' ? { kind: 'kafka', kafka: kafkaSettings(values) } : { kind: 'direct' };
  return {
    host: values.HOST, port: values.PORT, dataDir: values.METERBOOK_DATA_DIR,
    operatorTokens: values.METERBOOK_OPERATOR_TOKEN, databaseUrl: values.DATABASE_URL,
    eventLog: eventLogOf(values), eventFeed, logLevel: values.LOG_LEVEL, tracesTo: tracesOf(values, env),
    remarks: [...notUsed(values, env), ...inTheClear(eventFeed)],
  };
};

const eventLogOf = ({ EVENT_LOG: kind, EVENTSTOREDB_URL: url }: Values): EventLogSettings => {
  if (kind === 'postgres') return { kind };
  if (url === undefined) throw new SettingsError(`EVENT_LOG is eventstoredb, which needs EVENTSTOREDB_URL: ${table.EVENTSTOREDB_URL.allowed}.`);
  return { kind, url };
};

/** As OpenTelemetry has it: the path is added to the one, and the other is taken as it is. */
const tracesOf = ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces }: Values, env: Environment): string | undefined => {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER?.trim() === 'none') return undefined;
  return traces ?? (collector && `${collector.replace(/\/$/, '')}/v1/traces`);
};

/** A setting that says nothing is more likely a mistake than a wish. */
const notUsed = (values: Values, env: Environment): string[] => (Object.entries(table) as [string, Setting<unknown>][]).flatMap(([name, { with: other }]) =>
  (other && env[name]?.trim() && values[other.name as keyof Values] !== other.value ? [`${name} is set and not used; that takes ${other.name}=${other.value}.`] : []));

const inTheClear = (feed: EventFeedSettings): string[] => (feed.kind === 'kafka' && feed.kafka.sasl && !feed.kafka.tls
  ? ['KAFKA_TLS is not true: the login to Kafka, and all events, can be read on the way.'] : []);

export interface SettingHelp {
  readonly name: string;
  readonly what: string;
  readonly standard: string;
}

/** All settings, for people. */
export const settingsHelp = (): SettingHelp[] => Object.entries(table).map(([name, { what, standard }]) => ({ name, what, standard }));
