import { run } from './run.js';
import { StartError } from './start-error.js';

export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

export const runningAsRoot = (): boolean => process.getuid?.() === 0;

const PostgresUsers = ['postgres', '_postgres', 'nobody'] as const;

const lookUp = async (name: string): Promise<OsUser | undefined> => {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  return uid.ok && gid.ok ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
};

/**
 * PostgreSQL refuses to run as root, so root hands it to the first of these users that exists. None is created: a program
 * started to look at it should not leave accounts behind, and every system has nobody.
 */
export const unprivilegedUser = async (names: readonly string[] = PostgresUsers): Promise<OsUser> => {
  for (const name of names) {
    const user = await lookUp(name);
    if (user) return user;
  }
  throw new StartError(`PostgreSQL does not run as root, and this system has no user ${names.join(' or ')}. Start as another user, or set DATABASE_URL.`);
};

/** Whether a user gets into a directory, found out by going there: every parent and every kind of permission counts. */
export const canEnter = async (directory: string, user: OsUser): Promise<boolean> =>
  (await run('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], user)).ok;
