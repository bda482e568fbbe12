import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Catalogs } from '#libs/commands';
import { listenAt } from '#libs/engine';
import type { OperatorToken } from '#libs/http';
import { packageVersion } from '#libs/process';
import type { Settings } from '#libs/settings';
import type { Telemetry } from '#libs/telemetry';
import { createApi } from '../create-api.js';
import { operatorTokens } from './operator-token.js';
import { loadShippedCatalogs } from './shipped-catalogs.js';

export interface StartApiParts {
  readonly settings: Settings;
  readonly databaseUrl: string;
  /** Whether it applies events to the read models, too. */
  readonly projects: boolean;
  readonly telemetry: Telemetry;
  readonly say: (line: string) => void;
  /** Ends the wait for a log that is not there yet. */
  readonly signal?: AbortSignal | undefined;
}

/** An API that has all it needs, and listens once it is told to. */
export interface StartedApi {
  readonly app: NestFastifyApplication;
  readonly operatorTokens: readonly OperatorToken[];
  /** The file the operator token is in; undefined where tokens are set. */
  readonly tokenStoredIn: string | undefined;
  /** @returns its URL. @throws Failure */
  listen(): Promise<string>;
}

/** Opens the API: who may call it, the log, the read models, and the catalogs that ship with it. @throws Failure */
export const startApi = async ({ settings, databaseUrl, projects, telemetry, say, signal }: StartApiParts): Promise<StartedApi> => {
  const { tokens, storedIn } = await operatorTokens(settings);
  const { eventLog, eventFeed } = settings;
  const app = await createApi({ databaseUrl, eventLog, eventFeed, projects, operatorTokens: tokens, version: packageVersion(), log: telemetry.log, telemetry, say, signal });
  try {
    await app.init();
    const changed = await loadShippedCatalogs(app.get(Catalogs));
    if (changed.length > 0) say(`Stored otherwise than they ship, and left as they are: catalogs ${changed.join(', ')}.`);
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    app, operatorTokens: tokens, tokenStoredIn: storedIn,
    listen: () => listenAt(settings, async ({ host, port }) => {
      await app.listen(port, host);
      return app.getHttpServer().address() as AddressInfo;
    }),
  };
};
