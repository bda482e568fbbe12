import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OsUser } from './os-user.js';
import { cleanSlate } from './run.js';
import type { ServerLog } from './server-log.js';
import { serverSettings } from './settings.js';
import { signal } from './shut-down.js';
import { plainReason } from './start-error.js';

/** A server process that we started. */
export interface Postmaster {
  readonly pid: number | undefined;
  /** True once it takes connections; false when it ended before. Recovery may take its time. */
  readonly ready: Promise<boolean>;
  /** Resolves with the reason when it has ended, for whatever reason. */
  readonly ended: Promise<string>;
}

export interface PostmasterOptions {
  readonly postgres: string;
  readonly pgdata: string;
  readonly port: number;
  readonly runAs: OsUser | undefined;
  readonly serverLog: ServerLog;
}

const ReadyPollMs = 5;

/** The server writes its pid into the first line of this file and, as its state changes, the state into the eighth. */
export const postmasterFile = (pgdata: string): string => path.join(pgdata, 'postmaster.pid');

/** Looking into a small file every few milliseconds finds readiness sooner than connection attempts would, and leaves no errors in the log. */
const becomesReady = async (pgdata: string, pid: number | undefined, hasEnded: () => boolean): Promise<boolean> => {
  while (!hasEnded()) {
    const lines = (await readFile(postmasterFile(pgdata), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === pid && lines[7]?.startsWith('ready')) return true;
    await sleep(ReadyPollMs);
  }
  return false;
};

export const launchPostmaster = async ({ postgres, pgdata, port, runAs, serverLog }: PostmasterOptions): Promise<Postmaster> => {
  const logStart = await serverLog.size();
  const output = serverLog.open();
  const settings = Object.entries(serverSettings(port)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // Detached, in a process group of its own: Ctrl-C signals a whole group, and the server must outlast the engine's draining.
  const child = spawn(postgres, ['-D', pgdata, ...settings], { ...cleanSlate(runAs), detached: true, stdio: ['ignore', output, output] });
  closeSync(output);

  let hasEnded = false;
  // However this process exits, short of kill -9, the server goes down with it.
  const takeAlong = () => void (child.pid && signal(child.pid, 'SIGINT'));
  process.once('exit', takeAlong);
  const ended = new Promise<string>((resolve) => {
    const end = (reason: string | Promise<string>) => {
      hasEnded = true;
      process.removeListener('exit', takeAlong);
      resolve(reason);
    };
    const inItsOwnWords = async (code: number | null) => (await serverLog.complaintSince(logStart).catch(() => undefined)) ?? `it ended with code ${code}`;
    child.once('error', (error) => end(plainReason(error)));
    child.once('exit', (code, signalName) => end(signalName ? `it was ended by ${signalName}` : inItsOwnWords(code)));
  });
  return { pid: child.pid, ended, ready: becomesReady(pgdata, child.pid, () => hasEnded) };
};
