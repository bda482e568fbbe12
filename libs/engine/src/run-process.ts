import type { Logger } from 'pino';
import { unlessAborted } from '#libs/kernel';
import { Failure, interruptible, packageVersion, report, untilAborted } from '#libs/process';
import { readSettings, type Settings } from '#libs/settings';
import type { Telemetry } from '#libs/telemetry';
import { waitForDatabase } from './database.js';
import { startOver } from './start-over.js';
import { StatusServer, type Check } from './status-server.js';
import { openTelemetry } from './telemetry.js';

/** What a process of its own starts with. */
export interface ProcessParts {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly say: (line: string) => void;
  /** Aborts when it is to stop; what it waits for at its start is not waited for any longer. */
  readonly signal: AbortSignal;
}

/** What it then does. */
export interface RunningPart {
  checks(): Promise<readonly Check[]>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

/** One that listens itself: the API. */
export interface ListeningPart {
  readonly url: string;
  stop(): Promise<void>;
}

/** Everything a process of its own is besides its work: settings, a line at start, health and metrics, SIGTERM and Ctrl-C, a line for a failure. */
export const runProcess = async (name: string, start: (parts: ProcessParts) => Promise<RunningPart | ListeningPart>): Promise<void> => {
  const { signal, dispose } = interruptible();
  try {
    await run(name, start, signal);
  } catch (error) {
    // Asked to stop while it waited at its start: there is nothing to finish.
    if (!signal.aborted || error !== signal.reason) process.exitCode = report(error);
  } finally {
    dispose();
  }
  // A process that failed may have left connections and timers behind; they keep it no longer.
  process.exit();
};

const run = async (name: string, start: (parts: ProcessParts) => Promise<RunningPart | ListeningPart>, signal: AbortSignal): Promise<void> => {
  const say = (line: string): void => { process.stderr.write(`meterbook ${name}: ${line}\n`); };
  const settings = readSettings(process.env);
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) throw new Failure(`The ${name} needs DATABASE_URL: processes that are started one by one share a database. (npm start runs all of them in one, with a database of its own.)`);
  say(`starting ${packageVersion()}…`);
  for (const remark of settings.remarks) say(remark);
  const { telemetry: { metrics }, stopTelemetry, part } = await unlessAborted(startOver(async () => {
    await waitForDatabase(databaseUrl, say, signal);
    const { telemetry, stop: stopTelemetry } = await openTelemetry(name, settings);
    try {
      return { telemetry, stopTelemetry, part: await start({ settings, databaseUrl, log: telemetry.log, telemetry, say, signal }) };
    } catch (error) {
      await stopTelemetry();
      throw error;
    }
  }, { say, signal }), signal); // one step may wait for a minute at a server that does not answer
  const status = 'url' in part ? undefined : new StatusServer({ ...settings, metrics, checks: () => part.checks() });
  try {
    const url = 'url' in part ? part.url : await (status as StatusServer).listen();
    process.stdout.write(`Meterbook ${name} is ready at ${url}\n`);
    await untilAborted(signal);
    say('finishing what is under way; a second signal stops at once');
    status?.drain();
  } finally {
    await part.stop();
    await status?.close();
    await stopTelemetry();
  }
};
