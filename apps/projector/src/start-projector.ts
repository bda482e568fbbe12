import { NestFactory } from '@nestjs/core';
import { EventStore, openEventFeed, type Check, type ProcessParts, type RunningPart } from '#libs/engine';
import { Projections, ReadModelsModule } from '#libs/read-models';
import { ProjectorModule } from './projector.module.js';

/** Applies events to the read models. With the log as their source one at a time works, and the others take over from it. */
export const startProjector = async ({ settings, databaseUrl, log, telemetry, say, signal }: ProcessParts): Promise<RunningPart> => {
  const store = await EventStore.open({ databaseUrl, eventLog: settings.eventLog, signal }, () => undefined, say);
  try {
    const { log: events } = store.parts;
    const readModels = ReadModelsModule.forRoot({
      url: databaseUrl, log: events, feed: telemetry.feed(openEventFeed(settings.eventFeed, events, databaseUrl)),
      onError: (error) => log.warn({ err: error }, 'the read models cannot go on'),
    });
    const context = await NestFactory.createApplicationContext(ProjectorModule.forRoot([readModels]), { logger: false, abortOnError: false });
    store.usedBy(() => context.close());
    const projections = context.get(Projections);
    telemetry.projections(projections);
    return { checks: async () => [await checkOf(projections)], stop: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
};

/** One on standby is as ready as the one that applies: nobody asks it for anything. */
const checkOf = async (projections: Projections): Promise<Check> => {
  try {
    const stuck = (await projections.recentStatus()).find(({ state }) => state === 'stopped' || state === 'retrying');
    return stuck ? { name: 'projections', ok: false, detail: stuck.error ?? stuck.state } : { name: 'projections', ok: true };
  } catch (error) {
    return { name: 'projections', ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
};
