import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Name, openCluster } from './cluster.js';
import { prepareHome, type Home } from './home.js';
import { acquireLock } from './lock.js';
import type { Log } from './log.js';
import { stopOrphan } from './orphan.js';
import { freePort } from './port.js';
import { launchPostmaster, type Postmaster } from './postmaster.js';
import { installedPrograms, runnablePrograms } from './programs.js';
import { ServerLog } from './server-log.js';
import { asStartError, StartError } from './start-error.js';
import { Supervisor, type PostgresState } from './supervisor.js';

export interface EmbeddedPostgresOptions {
  /** Made if it is not there (leave that to us: only a directory that we made, or found empty, is closed to others). */
  readonly dataDir: string;
  readonly log: Log;
  /** Called when the server goes down and when it is back; not for the first start, nor for stop(). */
  readonly onStateChange?: (state: PostgresState) => void;
}

export interface EmbeddedPostgres {
  /** Where to connect, the same until stop(): a server that had to be started again comes back here. */
  readonly url: string;
  /** Resolves when the server has ended and another engine may have the data directory. */
  stop(): Promise<void>;
}

/** Processes of a server that was killed may hold its memory for a moment, and a port may be taken between asking and binding. */
const PassesByItself = /shared memory|could not create any TCP\/IP sockets|lock file/;
const FirstStartPatienceMs = 10_000;
const RetryMs = 50;
const RotationMs = 60_000;
/** A start that takes longer than this replays the log after a crash; the person waiting should know. */
const RecoveryNoticeMs = 3_000;

interface Launch {
  (port: number): Promise<Postmaster>;
}

const firstStart = async (launch: Launch, serverLog: ServerLog): Promise<{ server: Postmaster; port: number }> => {
  for (const giveUpAt = performance.now() + FirstStartPatienceMs; ; await sleep(RetryMs)) {
    const port = await freePort();
    const server = await launch(port);
    if (await server.ready) return { server, port };
    const reason = await server.ended;
    if (!PassesByItself.test(reason) || performance.now() > giveUpAt)
      throw new StartError(`PostgreSQL does not start: ${reason}. Its log is ${serverLog.file}.`);
  }
};

const startIn = async (home: Home, { log, onStateChange = () => undefined }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const programs = await runnablePrograms(installedPrograms(), home.runAs, log);
  const { pgdata, password } = await openCluster(home, programs);
  const serverLog = new ServerLog(path.join(home.directory, 'server.log'), home.runAs);
  const launch: Launch = async (port) => {
    await stopOrphan(pgdata, log);
    return launchPostmaster({ postgres: programs.postgres, pgdata, port, runAs: home.runAs, serverLog });
  };

  await serverLog.rotate();
  const notice = setTimeout(() => log.info('PostgreSQL is recovering from a crash; this may take a moment.'), RecoveryNoticeMs);
  const { server, port } = await firstStart(launch, serverLog).finally(() => clearTimeout(notice));

  const supervisor = new Supervisor(server, () => launch(port), log, onStateChange);
  // A full disk is no reason to end the engine; the next turn tries again.
  const rotation = setInterval(() => void serverLog.rotate().catch(() => undefined), RotationMs).unref();
  return {
    url: `postgres://${Name}:${password}@127.0.0.1:${port}/${Name}`,
    stop: () => supervisor.stop().finally(() => clearInterval(rotation)),
  };
};

/**
 * Starts the PostgreSQL server that comes with the npm packages, on a data directory that one engine at a time may have, and
 * keeps it running until stop(). @throws StartError with one line to print.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const dataDir = path.resolve(options.dataDir);
  try {
    const home = await prepareHome(dataDir, options.log);
    const lock = await acquireLock(path.join(home.directory, 'lock'), dataDir, home.runAs);
    try {
      const server = await startIn(home, options);
      let stopped: Promise<void> | undefined;
      return { url: server.url, stop: () => (stopped ??= server.stop().finally(() => lock.release())) };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw asStartError(error, dataDir);
  }
};
