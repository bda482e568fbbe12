import { spawn } from 'node:child_process';
import type { OsUser } from './os-user.js';

/**
 * What every program is given. Nothing of our own environment: PGPORT, PGDATA and their like change what PostgreSQL does,
 * and its messages must stay in English for us to read. The working directory is one that every user can enter.
 */
export const cleanSlate = (runAs: OsUser | undefined) => ({
  cwd: '/',
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  ...(runAs && { uid: runAs.uid, gid: runAs.gid }),
});

export interface Finished {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects only when it cannot be run at all, with the system's code (EACCES, ENOENT, …). */
export const run = (program: string, args: readonly string[], runAs?: OsUser, input = ''): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...cleanSlate(runAs), stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ok: code === 0, stdout, stderr }));
    // A program that ends without reading its input closes the pipe; its exit code tells what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
