import { closeSync, constants, openSync } from 'node:fs';
import { chown, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { OsUser } from './os-user.js';
import { run } from './run.js';
import { DataDirectoryInUse, hasCode, StartError } from './start-error.js';

/*
 * Lets one engine at a time have a data directory.
 *
 * A lock is a named pipe that its holder keeps open for reading. Opening it for writing without blocking succeeds while
 * someone reads and fails with ENXIO when nobody does, so the kernel tells who is alive: a crash releases the lock, and
 * neither a reused pid, a zombie nor another container's pid namespace is mistaken for a holder.
 *
 * Locks are numbered. The highest one counts; one who finds it deserted makes the next, and only one can. The highest
 * is never removed (a release only closes it), so no late starter can begin at an old number unseen: after making its
 * lock it looks again and gives way to a higher one.
 */

export interface Lock {
  release(): void;
}

/** `7` is lock 7; `7-4242-…` is the same pipe under the name that tells its holder's pid. */
const numberOf = (name: string): number => Number.parseInt(name, 10);

const highest = async (directory: string): Promise<number> =>
  (await readdir(directory)).filter((name) => /^\d+$/.test(name)).reduce((most, name) => Math.max(most, numberOf(name)), 0);

const isHeld = (pipe: string): boolean => {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENXIO', 'ENOENT')) return false;
    throw error;
  }
};

const holderOf = async (directory: string, number: number): Promise<string> => {
  const inode = async (name: string) => (await stat(path.join(directory, name)).catch(() => undefined))?.ino;
  const pipe = await inode(String(number));
  for (const name of await readdir(directory))
    if (name.startsWith(`${number}-`) && (await inode(name)) === pipe) return `process ${name.split('-')[1]}`;
  return 'another process';
};

const makePipe = async (pipe: string, owner: OsUser | undefined): Promise<void> => {
  const made = await run('mkfifo', [pipe], owner);
  if (!made.ok) throw new StartError(`Cannot lock the data directory: ${made.stderr.trim()}.`);
};

/** Makes lock `number`, unless someone else did or a higher one appeared. */
const make = async (directory: string, number: number, owner: OsUser | undefined): Promise<Lock | undefined> => {
  const named = path.join(directory, `${number}-${process.pid}-${randomUUID()}`);
  await makePipe(named, owner);
  let descriptor: number | undefined;
  try {
    // Opened before it gets its number: a numbered lock without a reader is a deserted one. Children do not inherit the descriptor.
    const opened = (descriptor = openSync(named, constants.O_RDONLY | constants.O_NONBLOCK));
    await link(named, path.join(directory, String(number)));
    if ((await highest(directory)) === number) return { release: () => closeSync(opened) };
  } catch (error) {
    // EEXIST: another starter was faster. ENOENT: so much faster that it has cleared our name away.
    if (!hasCode(error, 'EEXIST', 'ENOENT')) throw error;
  }
  if (descriptor !== undefined) closeSync(descriptor);
  await rm(named, { force: true });
  return undefined;
};

const clearBelow = async (directory: string, number: number): Promise<void> => {
  const old = (await readdir(directory)).filter((name) => numberOf(name) < number);
  await Promise.all(old.map((name) => rm(path.join(directory, name), { force: true })));
};

/** @throws DataDirectoryInUse, StartError */
export const acquireLock = async (directory: string, dataDir: string, owner: OsUser | undefined): Promise<Lock> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (owner) await chown(directory, owner.uid, owner.gid);
  for (;;) {
    const last = await highest(directory);
    if (last > 0 && isHeld(path.join(directory, String(last))))
      throw new DataDirectoryInUse(dataDir, await holderOf(directory, last));
    const lock = await make(directory, last + 1, owner);
    if (!lock) continue;
    await clearBelow(directory, last + 1);
    return lock;
  }
};
