import { randomBytes } from 'node:crypto';
import { access, chown, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from './home.js';
import type { Programs } from './programs.js';
import { run, type Finished } from './run.js';
import { StartError } from './start-error.js';

/** Role and database of the engine. The role owns its database and is no superuser, so no query of ours reaches the system. */
export const Name = 'meterbook';

/** A cluster and the password to it share one directory, so that they appear together or not at all. */
export interface Cluster {
  readonly pgdata: string;
  readonly password: string;
}

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writePassword = async (file: string, { runAs }: Home): Promise<string> => {
  const password = randomBytes(24).toString('base64url');
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${password}\n`);
    if (runAs) await handle.chown(runAs.uid, runAs.gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return password;
};

const succeed = (what: string, { ok, stdout, stderr }: Finished): void => {
  if (ok) return;
  const lines = `${stdout}\n${stderr}`.split('\n');
  const complaint = lines.findLast((line) => /(error|FATAL|PANIC|ERROR): /.test(line)) ?? lines.findLast((line) => line.trim()) ?? 'no reason given';
  throw new StartError(`Cannot create the database (${what}): ${complaint.trim()}`);
};

/**
 * Made under another name and renamed when all of it is on disk, so a crash at any point leaves no half-made cluster behind
 * that every later start would stumble over.
 */
const create = async (home: Home, programs: Programs, target: string): Promise<void> => {
  const draft = await mkdtemp(`${target}.new-`);
  try {
    if (home.runAs) await chown(draft, home.runAs.uid, home.runAs.gid);
    const pgdata = path.join(draft, 'pgdata');
    const password = await writePassword(path.join(draft, 'password'), home);
    // The built-in locale sorts by code point on every system: an upgrade of the system's locales cannot break an index.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${path.join(draft, 'password')}`];
    succeed('initdb', await run(programs.initdb, ['-D', pgdata, '--no-instructions', ...locale, ...access], home.runAs));
    const ours = `CREATE ROLE ${Name} LOGIN PASSWORD '${password}'\nCREATE DATABASE ${Name} OWNER ${Name}\n`;
    succeed('first database', await run(programs.postgres, ['--single', '-D', pgdata, '-c', 'exit_on_error=on', 'postgres'], home.runAs, ours));
    await syncDirectory(draft);
    await rename(draft, target);
    await syncDirectory(home.directory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
};

const removeDrafts = async (target: string): Promise<void> => {
  const home = path.dirname(target);
  const drafts = (await readdir(home)).filter((name) => name.startsWith(`${path.basename(target)}.new-`));
  // An initdb whose engine was killed may still be writing: try again rather than fail on a directory that fills up.
  await Promise.all(drafts.map((name) => rm(path.join(home, name), { recursive: true, force: true, maxRetries: 10 })));
};

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);

/** Opens the cluster of a home, made first where there is none. */
export const openCluster = async (home: Home, programs: Programs): Promise<Cluster> => {
  const target = path.join(home.directory, 'cluster');
  await removeDrafts(target);
  if (!(await exists(target))) await create(home, programs, target);
  const pgdata = path.join(target, 'pgdata');
  const version = (await readFile(path.join(pgdata, 'PG_VERSION'), 'utf8')).trim();
  if (version !== programs.major)
    throw new StartError(`The database in ${pgdata} was made by PostgreSQL ${version}; this Meterbook brings ${programs.major}. Move it over with pg_dump, or start the Meterbook that made it.`);
  return { pgdata, password: (await readFile(path.join(target, 'password'), 'utf8')).trim() };
};
