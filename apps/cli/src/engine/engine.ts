import { systemClock } from '#libs/kernel';
import { Accounts, ExpiryScheduler } from '#libs/commands';
import { EventStore, openDatabase, openTelemetry, startOver } from '#libs/engine';
import type { OperatorToken } from '#libs/http';
import { DueQuery } from '#libs/read-models';
import { Relay } from '#libs/relay';
import type { Settings } from '#libs/settings';
import { startApi } from '../../../api/src/start/start-api.js';

/** A whole engine in this process: database, log, commands, relay, read models, HTTP, expiry. */
export interface Engine {
  readonly url: string;
  readonly databaseUrl: string;
  readonly operatorTokens: readonly OperatorToken[];
  /** The file the operator token is in; undefined where tokens are set. */
  readonly tokenStoredIn: string | undefined;
  /** Stops accepting, finishes what is under way, and stops what was started, last first. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Told what a person waiting should know. */
  readonly say?: (line: string) => void;
  /** Ends the wait for what is not there yet. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws StartError, Failure: one line that says what to do */
export const startEngine = (settings: Settings, { say = () => undefined, signal }: EngineOptions = {}): Promise<Engine> =>
  startOver(() => startOnce(settings, say, signal), { say, signal });

const startOnce = async (settings: Settings, say: (line: string) => void, signal?: AbortSignal): Promise<Engine> => {
  const started: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let stop = started.pop(); stop; stop = started.pop()) await stop();
  };
  try {
    const database = await openDatabase(settings, say, signal);
    started.push(() => database.close());
    const { telemetry, stop: stopTelemetry } = await openTelemetry('meterbook', settings);
    started.push(stopTelemetry);
    const api = await startApi({ settings, databaseUrl: database.url, projects: true, telemetry, say, signal });
    const { app, operatorTokens, tokenStoredIn } = api;
    started.push(() => app.close());
    if (settings.eventFeed.kind === 'kafka') {
      const store = app.get(EventStore);
      const relay = new Relay({
        log: store.parts.log, databaseUrl: database.url, kafka: settings.eventFeed.kafka, ...telemetry.relayOptions(settings.eventFeed.kafka.topic),
      });
      telemetry.relay(relay);
      relay.start();
      // Requests that are finished at the end may wait for the read models, and those for the relay.
      store.usedBy(() => relay.stop());
    }
    const scheduler = new ExpiryScheduler(app.get(Accounts), app.get(DueQuery), systemClock, (error) => telemetry.log.warn({ err: error }, 'accounts with something due could not be woken'));
    telemetry.scheduler(scheduler);
    scheduler.start();
    started.push(() => scheduler.stop());
    return { url: await api.listen(), databaseUrl: database.url, operatorTokens, tokenStoredIn, close };
  } catch (error) {
    await close();
    throw error;
  }
};
