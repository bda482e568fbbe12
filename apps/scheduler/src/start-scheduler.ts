import { NestFactory } from '@nestjs/core';
import { systemClock } from '#libs/kernel';
import { Accounts, CommandsModule, ExpiryScheduler } from '#libs/commands';
import { EventStore, type Check, type ProcessParts, type RunningPart } from '#libs/engine';
import { DueQuery, ReadModelsModule } from '#libs/read-models';
import { SchedulerModule } from './scheduler.module.js';

/** Wakes accounts with something due. Any number may run: an account that is woken twice does once what is due. */
export const startScheduler = async ({ settings, databaseUrl, log, telemetry, say, signal }: ProcessParts): Promise<RunningPart> => {
  const store = await EventStore.open({ databaseUrl, eventLog: settings.eventLog, onCommit: telemetry.onCommit(), signal }, (error) => log.warn({ err: error }, 'no lease on a contended account'), say);
  try {
    const imports = [
      CommandsModule.forRoot({ ...telemetry.writing(store.parts), clock: systemClock, onSnapshotFailed: (stream, error) => log.warn({ err: error, stream }, 'a snapshot could not be saved') }),
      ReadModelsModule.forRoot({ url: databaseUrl, log: store.parts.log, projects: false, onError: () => undefined }),
    ];
    const context = await NestFactory.createApplicationContext(SchedulerModule.forRoot(imports), { logger: false, abortOnError: false });
    store.usedBy(() => context.close());
    const scheduler = new ExpiryScheduler(context.get(Accounts), context.get(DueQuery), systemClock, (error) => log.warn({ err: error }, 'accounts with something due could not be woken'));
    telemetry.scheduler(scheduler);
    scheduler.start();
    store.usedBy(() => scheduler.stop());
    return { checks: () => Promise.resolve([checkOf(scheduler)]), stop: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
};

const checkOf = ({ failing: { error } }: ExpiryScheduler): Check =>
  (error === undefined ? { name: 'scheduler', ok: true } : { name: 'scheduler', ok: false, detail: error.message });
