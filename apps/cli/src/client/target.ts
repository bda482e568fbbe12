import { DataDirectoryInUse } from '#libs/postgres';
import { readSettings } from '#libs/settings';
import { Failure } from '#libs/process';
import { operatorTokenFile, storedToken } from '../../../api/src/start/operator-token.js';
import { ApiClient, type ClientOptions } from './api-client.js';

/** Which engine a command works through: a running one, or one that it starts on the data directory for itself. */
export interface TargetOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

type Watch = Pick<ClientOptions, 'signal' | 'onWaiting'>;

/** Calls `work` with a client of the engine; one that was started for it is stopped after it. */
export const withEngine = async <Result>({ url, token }: TargetOptions, watch: Watch, work: (client: ApiClient) => Promise<Result>): Promise<Result> => {
  const settings = readSettings(process.env);
  if (url !== undefined) {
    const client = new ApiClient({ ...watch, url: engineUrl(url), token: token ?? bestToken(settings.operatorTokens) ?? await tokenNear(settings.dataDir) });
    // A wrong address should be told of at once; later on an engine that is away is waited for.
    await client.get('/health/live', { patienceMs: 5_000 });
    return work(client);
  }
  // Loaded only here: an engine is far larger than a client of one.
  const { startEngine } = await import('../engine/engine.js');
  const engine = await startEngine({ ...settings, host: '127.0.0.1', port: 0 }, { signal: watch.signal }).catch((error: unknown) => {
    throw error instanceof DataDirectoryInUse ? new Failure(`${error.message} Or pass --url, to work through the engine that runs there.`, { cause: error }) : error;
  });
  try {
    return await work(new ApiClient({ ...watch, url: engine.url, token: bestToken(engine.operatorTokens) ?? needed(settings.dataDir) }));
  } finally {
    await engine.close();
  }
};

const bestToken = (tokens: readonly { readonly role: string; readonly token: string }[]): string | undefined =>
  (tokens.find(({ role }) => role === 'admin') ?? tokens[0])?.token;

const tokenNear = async (dataDir: string): Promise<string> => await storedToken(dataDir) ?? needed(dataDir);

const needed = (dataDir: string): never => {
  throw new Failure(`An operator token is needed: pass --token, set METERBOOK_OPERATOR_TOKEN, or run this where ${operatorTokenFile(dataDir)} is.`);
};

const engineUrl = (url: string): string => {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new Failure(`--url is ${JSON.stringify(url)}; an address such as http://127.0.0.1:3000 is needed.`);
};
