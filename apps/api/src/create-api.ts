import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { systemClock, type Clock } from '#libs/kernel';
import { isOutage } from '#libs/event-feed';
import { CommandsModule } from '#libs/commands';
import { allowedMethods, createServer, Metrics, OperatorTokens, ProblemFilter, type OperatorToken } from '#libs/http';
import { ReadModelsModule } from '#libs/read-models';
import { apiDocument } from './api-document.js';
import { AppModule } from './app.module.js';
import { EventStore } from './event-store.js';
import { OPERATIONS } from './operations.js';
import { CLOUD_EVENT, CLOUD_EVENTS } from './usage/usage.operations.js';

export interface ApiSettings {
  /** The log and the read models are kept there. */
  readonly databaseUrl: string;
  readonly operatorTokens: readonly OperatorToken[];
  /** Of Meterbook, for the API document. */
  readonly version: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** How long requests under way may take to finish once the application is told to close. */
const DRAIN_MS = 10_000;

/**
 * Builds the application: ready to listen, and to be closed once. Closing stops accepting, lets requests under way
 * finish, and then stops what they needed.
 */
export const createApi = async ({ databaseUrl, operatorTokens, version, log, clock = systemClock }: ApiSettings): Promise<NestFastifyApplication> => {
  const store = await EventStore.open(databaseUrl, (error) => log.warn({ err: error }, 'no lease on a contended account'));
  try {
    const metrics = new Metrics();
    const problems = new ProblemFilter({ log, isOutage, methodsOf: allowedMethods(OPERATIONS), metrics });
    const adapter = createServer({ tokens: new OperatorTokens(operatorTokens), problems, metrics, otherJsonTypes: [CLOUD_EVENT, CLOUD_EVENTS], drainMs: DRAIN_MS });
    const imports = [
      CommandsModule.forRoot({ ...store.parts, clock, onSnapshotFailed: (stream, error) => log.warn({ err: error, stream }, 'a snapshot could not be saved') }),
      ReadModelsModule.forRoot({ url: databaseUrl, log: store.parts.log, onError: (error) => log.warn({ err: error }, 'the read models cannot go on') }),
    ];
    const root = AppModule.forRoot({ imports, store, metrics, document: apiDocument(version), log });
    const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { bodyParser: false, logger: false, abortOnError: false });
    app.useGlobalFilters(problems);
    return app;
  } catch (error) {
    await store.close();
    throw error;
  }
};
