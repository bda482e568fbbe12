import { NestFactory } from '@nestjs/core';
import { Gauge } from 'prom-client';
import { systemClock } from '#libs/kernel';
import { Accounts, CommandsModule, ExpiryScheduler } from '#libs/commands';
import { EventStore, type Check, type ProcessParts, type RunningPart } from '#libs/engine';
import { DueQuery, ReadModelsModule } from '#libs/read-models';
import { SchedulerModule } from './scheduler.module.js';

/** Wakes accounts with something due. Any number may run: an account that is woken twice does once what is due. */
export const startScheduler = async ({ settings, databaseUrl, log, metrics, say }: ProcessParts): Promise<RunningPart> => {
  const store = await EventStore.open({ databaseUrl, eventLog: settings.eventLog }, (error) => log.warn({ err: error }, 'no lease on a contended account'), say);
  try {
    const imports = [
      CommandsModule.forRoot({ ...store.parts, clock: systemClock, onSnapshotFailed: (stream, error) => log.warn({ err: error, stream }, 'a snapshot could not be saved') }),
      ReadModelsModule.forRoot({ url: databaseUrl, log: store.parts.log, projects: false, onError: () => undefined }),
    ];
    const context = await NestFactory.createApplicationContext(SchedulerModule.forRoot(imports), { logger: false, abortOnError: false });
    store.usedBy(() => context.close());
    const scheduler = new ExpiryScheduler(context.get(Accounts), context.get(DueQuery), systemClock, (error) => log.warn({ err: error }, 'accounts with something due could not be woken'));
    metrics.add(new Gauge({
      name: 'meterbook_scheduler_failing_seconds', help: 'How long accounts with something due could not be woken; 0 while they can.', registers: [],
      collect() { this.set(scheduler.failing.seconds); },
    }));
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
