import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.js';
import { postmasterFile } from './postmaster.js';
import { run } from './run.js';
import { shutDown } from './shut-down.js';
import { hasCode } from './start-error.js';

/** Readable for every user, unlike the process's working directory, and empty for a zombie. */
const commandLine = async (pid: number): Promise<string> => {
  if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  return (await run('ps', ['-o', 'args=', '-p', String(pid)])).stdout;
};

const serves = async (pid: number, pgdata: string): Promise<boolean> => (await commandLine(pid)).includes(` -D ${pgdata} `);

const noLongerServes = async (pid: number, pgdata: string): Promise<void> => {
  while (await serves(pid, pgdata)) await sleep(10);
};

/**
 * Clears the way for a start. A server that outlived its engine (kill -9) is stopped, not adopted: it may run with the
 * settings of another version, it is not our child to watch, and stopping it takes a fraction of a second.
 * Call it with the lock held, so that the server found cannot be that of a living engine.
 */
export const stopOrphan = async (pgdata: string, log: Log): Promise<void> => {
  const file = postmasterFile(pgdata);
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (content === undefined) return;
  const pid = Number.parseInt(content, 10);
  if (pid > 0 && (await serves(pid, pgdata))) {
    log.warn(`PostgreSQL (process ${pid}) has outlived the engine that started it; stopping it.`);
    await shutDown(pid, noLongerServes(pid, pgdata));
  }
  // PostgreSQL is fooled by what is left of a crash: an empty file, a zombie, another program that has the pid by now.
  // Whether processes of the old server still use the data it finds out without this file.
  await rm(file, { force: true });
};
