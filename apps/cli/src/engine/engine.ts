import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { systemClock } from '#libs/kernel';
import { Accounts, Catalogs, ExpiryScheduler } from '#libs/commands';
import type { OperatorToken } from '#libs/http';
import { startEmbeddedPostgres } from '#libs/postgres';
import { DueQuery } from '#libs/read-models';
import type { Settings } from '#libs/settings';
import { createApi } from '../../../api/src/create-api.js';
import { Failure } from '../failure.js';
import { packageVersion } from '../package-root.js';
import { waitForDatabase } from './database.js';
import { operatorTokenFile, operatorTokens } from './operator-token.js';
import { loadShippedCatalogs } from './shipped-catalogs.js';

/** A whole engine in this process: database, log, commands, read models, HTTP, expiry. */
export interface Engine {
  readonly url: string;
  readonly databaseUrl: string;
  readonly operatorTokens: readonly OperatorToken[];
  /** The file the operator token was stored in, when this start made it. */
  readonly tokenStoredIn: string | undefined;
  /** Stops accepting, finishes what is under way, and stops what was started, last first. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Told what a person waiting should know. */
  readonly say?: (line: string) => void;
}

/** @throws StartError, Failure: one line that says what to do */
export const startEngine = async (settings: Settings, { say = () => undefined }: EngineOptions = {}): Promise<Engine> => {
  const started: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let stop = started.pop(); stop; stop = started.pop()) await stop();
  };
  try {
    const databaseUrl = await openDatabase(settings, started, say);
    const { tokens, made } = await operatorTokens(settings);
    const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
    const app = await createApi({ databaseUrl, operatorTokens: tokens, version: packageVersion(), log });
    started.push(() => app.close());
    await app.init();
    const changed = await loadShippedCatalogs(app.get(Catalogs));
    const scheduler = new ExpiryScheduler(app.get(Accounts), app.get(DueQuery), systemClock, (error) => log.warn({ err: error }, 'accounts with something due could not be woken'));
    scheduler.start();
    started.push(() => scheduler.stop());
    if (changed.length > 0) say(`Stored otherwise than they ship, and left as they are: catalogs ${changed.join(', ')}.`);
    const url = await listen(app, settings);
    return { url, databaseUrl, operatorTokens: tokens, tokenStoredIn: made ? operatorTokenFile(settings.dataDir) : undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const openDatabase = async ({ databaseUrl, dataDir }: Settings, started: (() => Promise<unknown>)[], say: (line: string) => void): Promise<string> => {
  if (databaseUrl !== undefined) {
    await waitForDatabase(databaseUrl, say);
    return databaseUrl;
  }
  const postgres = await startEmbeddedPostgres({ dataDir, log: { info: say, warn: say } });
  started.push(() => postgres.stop());
  return postgres.url;
};

/** What the system says of an address, in words. */
const REFUSED: Readonly<Record<string, (settings: Settings) => string>> = {
  EADDRINUSE: ({ port }) => `Port ${port} is in use; stop what listens there, or set PORT to another.`,
  EACCES: ({ port }) => `Port ${port} may not be used by this user; set PORT to one from 1024 on.`,
  EADDRNOTAVAIL: ({ host }) => `HOST is ${host}, which is no address of this machine.`,
  ENOTFOUND: ({ host }) => `HOST is ${host}, which is no address of this machine.`,
};

const listen = async (app: NestFastifyApplication, settings: Settings): Promise<string> => {
  const { host, port } = settings;
  try {
    await app.listen(port, host);
  } catch (error) {
    const refused = REFUSED[(error as NodeJS.ErrnoException).code ?? ''];
    throw refused ? new Failure(refused(settings), { cause: error }) : error;
  }
  const { port: actual } = app.getHttpServer().address() as AddressInfo;
  const everywhere = host === '0.0.0.0' || host === '::';
  return `http://${everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${actual}`;
};
