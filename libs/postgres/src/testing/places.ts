import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OsUser } from '../os-user.js';

const made: string[] = [];

/** An empty directory that every user can enter (mkdtemp's own is closed, and root's PostgreSQL runs as another user), or only `owner`. */
export const place = async (mode = 0o755, owner?: OsUser): Promise<string> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'meterbook-'));
  made.push(directory);
  await chmod(directory, mode);
  if (owner) await chown(directory, owner.uid, owner.gid);
  return directory;
};

export const removePlaces = async (): Promise<void> => {
  for (const directory of made.splice(0)) {
    await chmod(directory, 0o755);
    await rm(directory, { recursive: true, force: true });
  }
};

/** The pid of the server that runs, or ran, in a data directory. */
export const postmasterOf = async (dataDir: string): Promise<number> =>
  Number.parseInt(await readFile(path.join(dataDir, 'postgres/cluster/pgdata/postmaster.pid'), 'utf8'), 10);

/** Whether a process runs. One that has ended and that nobody buries (many a container's first process does not) runs no more: its command line is empty. */
export const isAlive = (pid: number): boolean => {
  if (process.platform !== 'linux') return spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() !== '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};

/** A process that is not our child tells nobody when it ends. */
export const gone = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await sleep(5);
};
