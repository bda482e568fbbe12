import { chmod, chown, mkdir, mkdtemp, readdir, readlink, realpath, rmdir, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from './log.js';
import { canEnter, runningAsRoot, unprivilegedUser, type OsUser } from './os-user.js';
import { hasCode, StartError } from './start-error.js';

/** Where the data and the binaries go when root's PostgreSQL user cannot reach the place they were asked for. */
export const Refuge = '/var/lib/meterbook';

/** The directory that holds everything of PostgreSQL, and the user who owns it and whom PostgreSQL runs as. */
export interface Home {
  readonly directory: string;
  /** Undefined: the user that we are. */
  readonly runAs: OsUser | undefined;
}

const ownerOf = async (directory: string): Promise<OsUser | undefined> => {
  const { uid, gid } = await stat(directory);
  return uid === 0 ? undefined : { uid, gid };
};

const existing = async (link: string): Promise<string | undefined> => {
  try {
    return await realpath(link);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const target = await readlink(link).catch(() => undefined);
  // Starting with an empty database because a volume is not mounted would be worse than not starting.
  if (target) throw new StartError(`The database of ${path.dirname(link)} is in ${target}, which is not there. Bring it back, or remove the link ${link} to start afresh.`);
  return undefined;
};

/** Makes the data directory. True where it is ours alone: just made, or empty (a fresh volume). */
const claim = async (dataDir: string): Promise<boolean> => {
  await mkdir(path.dirname(dataDir), { recursive: true });
  try {
    await mkdir(dataDir, { mode: 0o700 });
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  const entries = await readdir(dataDir);
  return entries.every((entry) => entry === 'lost+found');
};

const makeOurs = async (directory: string, user: OsUser | undefined): Promise<void> => {
  if (user) await chown(directory, user.uid, user.gid);
  // A volume may belong to root and be ours through its group only; what we make in it is 0700 all the same.
  await chmod(directory, 0o700).catch((error: unknown) => {
    if (!hasCode(error, 'EPERM')) throw error;
  });
};

const makeUnlessThere = async (make: () => Promise<unknown>): Promise<boolean> => {
  try {
    await make();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

/** The data goes elsewhere and a link to it stays: it is the only pointer, so that removing the data directory forgets the data, as anywhere. */
const relocate = async (link: string, user: OsUser, log: Log): Promise<void> => {
  await mkdir(Refuge, { recursive: true });
  await chmod(Refuge, 0o755);
  const elsewhere = await mkdtemp(path.join(Refuge, `${path.basename(path.dirname(link))}-`));
  await chown(elsewhere, user.uid, user.gid);
  const linked = await makeUnlessThere(() => symlink(elsewhere, link));
  if (!linked) return rmdir(elsewhere);
  log.info(`PostgreSQL does not run as root and its user cannot reach ${link}; the data is in ${elsewhere}.`);
};

const settle = async (dataDir: string, link: string, log: Log): Promise<Home> => {
  const fresh = await claim(dataDir);
  const user = runningAsRoot() ? await unprivilegedUser() : undefined;
  const reachable = !user || (await canEnter(fresh ? path.dirname(dataDir) : dataDir, user));
  if (fresh) await makeOurs(dataDir, reachable ? user : undefined);
  if (!reachable) await relocate(link, user, log);
  else await makeUnlessThere(() => mkdir(link, { mode: 0o700 }));
  const directory = await realpath(link);
  if (!user) return { directory, runAs: undefined };
  // Of two starters at once one made the directory; it may not have got to this line yet.
  await chown(directory, user.uid, user.gid);
  return { directory, runAs: user };
};

/**
 * Finds or makes PostgreSQL's directory below the data directory. Only a directory that is ours alone is given mode 0700 and
 * PostgreSQL's user: taking over one that holds other things (/tmp, a home) would lock others out of it.
 */
export const prepareHome = async (dataDir: string, log: Log): Promise<Home> => {
  const link = path.join(dataDir, 'postgres');
  const directory = await existing(link);
  const owner = directory && runningAsRoot() ? await ownerOf(directory) : undefined;
  if (!directory || (runningAsRoot() && !owner)) return settle(dataDir, link, log);
  if (owner && !(await canEnter(directory, owner)))
    throw new StartError(`PostgreSQL runs as the owner of ${directory} (uid ${owner.uid}), who cannot reach it. Move the data directory, or let that user through its parents.`);
  return { directory, runAs: owner };
};
