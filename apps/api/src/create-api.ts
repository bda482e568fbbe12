import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { systemClock, type Clock } from '#libs/kernel';
import { isOutage } from '#libs/event-feed';
import { CommandsModule } from '#libs/commands';
import { EventStore, openEventFeed } from '#libs/engine';
import { allowedMethods, createServer, Metrics, OperatorTokens, ProblemFilter, type OperatorToken } from '#libs/http';
import { Projections, ReadModelsModule } from '#libs/read-models';
import type { EventFeedSettings, EventLogSettings } from '#libs/settings';
import { Telemetry } from '#libs/telemetry';
import { apiDocument } from './api-document.js';
import { AppModule } from './app.module.js';
import { OPERATIONS } from './operations.js';
import { CLOUD_EVENT, CLOUD_EVENTS } from './usage/usage.operations.js';

export interface ApiSettings {
  /** PostgreSQL: the read models are kept there. */
  readonly databaseUrl: string;
  /** Where events are kept; in the same database when left out. */
  readonly eventLog?: EventLogSettings;
  /** How they reach the read models; from the log when left out. */
  readonly eventFeed?: EventFeedSettings;
  /** False: projectors of their own apply them. */
  readonly projects?: boolean;
  readonly operatorTokens: readonly OperatorToken[];
  /** Of Meterbook, for the API document. */
  readonly version: string;
  readonly log: Logger;
  /** What is seen of it from outside; metrics alone when left out. */
  readonly telemetry?: Telemetry;
  readonly clock?: Clock;
  /** Told what a person who waits for the start should know. */
  readonly say?: (line: string) => void;
  /** Ends the wait for a log that is not there yet. */
  readonly signal?: AbortSignal | undefined;
}

/** How long requests under way may take to finish once the application is told to close. */
const DRAIN_MS = 10_000;

/**
 * Builds the application: ready to listen, and to be closed once. Closing stops accepting, lets requests under way
 * finish, and then stops what they needed.
 */
export const createApi = async ({
  databaseUrl, eventLog = { kind: 'postgres' }, eventFeed = { kind: 'direct' }, projects = true, operatorTokens, version, log, telemetry = new Telemetry({ metrics: new Metrics(), log }), clock = systemClock, say, signal,
}: ApiSettings): Promise<NestFastifyApplication> => {
  const store = await EventStore.open({ databaseUrl, eventLog, onCommit: telemetry.onCommit(), signal }, (error) => log.warn({ err: error }, 'no lease on a contended account'), say);
  try {
    const { metrics } = telemetry;
    const problems = new ProblemFilter({ log, isOutage, methodsOf: allowedMethods(OPERATIONS), metrics });
    const adapter = createServer({ tokens: new OperatorTokens(operatorTokens), problems, metrics, otherJsonTypes: [CLOUD_EVENT, CLOUD_EVENTS], watchers: telemetry.requests, drainMs: DRAIN_MS });
    const imports = [
      CommandsModule.forRoot({ ...telemetry.writing(store.parts), clock, traceOrder: telemetry.traceOrder, onSnapshotFailed: (stream, error) => log.warn({ err: error, stream }, 'a snapshot could not be saved') }),
      ReadModelsModule.forRoot({
        url: databaseUrl, log: store.parts.log, feed: telemetry.feed(openEventFeed(eventFeed, store.parts.log, databaseUrl)), projects,
        onError: (error) => log.warn({ err: error }, 'the read models cannot go on'),
      }),
    ];
    const root = AppModule.forRoot({ imports, store, metrics, document: apiDocument(version), log });
    const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { bodyParser: false, logger: false, abortOnError: false });
    app.useGlobalFilters(problems);
    telemetry.projections(app.get(Projections));
    return app;
  } catch (error) {
    await store.close();
    throw error;
  }
};
