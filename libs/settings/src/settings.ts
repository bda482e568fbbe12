import path from 'node:path';
import { z } from 'zod';
import { parseOperatorTokens, ROLES, type OperatorToken } from '#libs/http';

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
}

/** What was set cannot be used; the message is one line that names the variable and what is allowed. */
export class SettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SettingsError';
  }
}

interface Setting<Value> {
  readonly what: string;
  /** Where it is not set, or empty. */
  readonly standard: string;
  readonly allowed: string;
  /** What was set is never shown. */
  readonly secret?: true;
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

/** One way to run for now; the names are those of all three, so that a wish for another is refused, not overlooked. */
const only = (value: string) => z.literal(value);

const table = {
  HOST: define({
    what: 'address to listen on', standard: '0.0.0.0', allowed: 'an address or a name of this machine',
    schema: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/),
  }),
  PORT: define({
    what: 'port to listen on; 0 takes any free one', standard: '3000', allowed: 'a whole number from 0 to 65535',
    schema: z.string().regex(/^[0-9]{1,5}$/).transform(Number).refine((port) => port <= 65_535),
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
    what: 'PostgreSQL server to use', standard: '', allowed: 'a URL such as postgres://user:password@host:5432/database', secret: true,
    schema: z.string().refine((text) => text === '' || isDatabaseUrl(text)).transform((text) => text || undefined),
  }),
  EVENT_LOG: define({
    what: 'where events are kept', standard: 'postgres', allowed: 'postgres (eventstoredb comes with a later version)', schema: only('postgres'),
  }),
  EVENTSTOREDB_URL: define({
    what: 'comes with a later version', standard: '', allowed: 'nothing in this version', secret: true, schema: only(''),
  }),
  EVENT_FEED: define({
    what: 'how events reach the read models', standard: 'direct', allowed: 'direct (kafka comes with a later version)', schema: only('direct'),
  }),
  KAFKA_BROKERS: define({
    what: 'comes with a later version', standard: '', allowed: 'nothing in this version', schema: only(''),
  }),
} as const;

type Environment = Readonly<Record<string, string | undefined>>;
type Table = typeof table;
type Values = { readonly [Name in keyof Table]: z.output<Table[Name]['schema']> };

const read = (name: string, { schema, standard, allowed, secret }: Setting<unknown>, env: Environment): unknown => {
  const text = env[name]?.trim() || standard;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const why = issue?.code === 'custom' && issue.message !== 'Invalid input' ? ` (${issue.message})` : '';
  throw new SettingsError(`${name}${secret ? '' : ` is ${JSON.stringify(text)}, which`} cannot be used: it is ${allowed}${why}.`);
};

/** @throws SettingsError for the first setting that cannot be used */
export const readSettings = (env: Environment): Settings => {
  const values = Object.fromEntries(Object.entries(table).map(([name, setting]) => [name, read(name, setting, env)])) as Values;
  return {
    host: values.HOST, port: values.PORT, dataDir: values.METERBOOK_DATA_DIR,
    operatorTokens: values.METERBOOK_OPERATOR_TOKEN, databaseUrl: values.DATABASE_URL,
  };
};

export interface SettingHelp {
  readonly name: string;
  readonly what: string;
  readonly standard: string;
}

/** All settings, for people. */
export const settingsHelp = (): SettingHelp[] => Object.entries(table).map(([name, { what, standard }]) => ({ name, what, standard }));
