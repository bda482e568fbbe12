import { jest } from '@jest/globals';
import { once } from 'node:events';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { createPool, startEmbeddedPostgres, StartError, type EmbeddedPostgres, type PostgresState } from './index.js';
import { EngineProcess } from './testing/engine-process.js';
import { gone, isAlive, place, postmasterOf, removePlaces } from './testing/places.js';

jest.setTimeout(60_000);

const quiet = { info: () => undefined, warn: () => undefined };

describe('the embedded PostgreSQL', () => {
  const running: EmbeddedPostgres[] = [];
  const engines: EngineProcess[] = [];
  let dataDir: string;

  const start = async (onStateChange?: (state: PostgresState) => void): Promise<EmbeddedPostgres> => {
    const postgres = await startEmbeddedPostgres({ dataDir, log: quiet, ...(onStateChange && { onStateChange }) });
    running.push(postgres);
    return postgres;
  };
  const startInProcess = (): EngineProcess => {
    const engine = new EngineProcess(dataDir);
    engines.push(engine);
    return engine;
  };
  const query = async <Row extends QueryResultRow>(url: string, sql: string): Promise<Row[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const refusal = async (attempt: Promise<unknown>): Promise<string> => {
    const error = await attempt.then(() => undefined, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).not.toContain('\n');
    return (error as StartError).message;
  };
  /** Collects the states of a server, and tells when it has come to one. */
  const observe = () => {
    const states: PostgresState[] = [];
    let changed = () => undefined as void;
    const untilStatus = async (status: PostgresState['status'], times = 1) => {
      while (states.filter((state) => state.status === status).length < times) await new Promise<void>((resolve) => (changed = resolve));
    };
    return { states, untilStatus, onStateChange: (state: PostgresState) => (states.push(state), changed()) };
  };

  const control = () => path.join(dataDir, 'postgres/cluster/pgdata/global/pg_control');

  /** What a first start leaves behind is made once and copied, with its owner: initdb takes its time. */
  let initialised: string;
  const afterFirstStart = () => execFileSync('cp', ['-a', initialised, dataDir]);

  beforeAll(async () => {
    initialised = path.join(await place(), 'data');
    await (await startEmbeddedPostgres({ dataDir: initialised, log: quiet })).stop();
  });
  afterAll(removePlaces);

  beforeEach(async () => {
    dataDir = path.join(await place(), 'data');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
    await Promise.all(engines.splice(0).map((engine) => engine.kill('SIGTERM')));
    await rm(dataDir, { recursive: true, force: true });
  });

  describe('first start', () => {
    it('gives a durable database behind a password, to a role without privileges, in a closed directory', async () => {
      const { url } = await start();
      const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'timezone', 'listen_addresses', 'server_encoding', 'is_superuser'];
      const [row] = await query<Record<string, string>>(url, `SELECT ${settings.map((name) => `current_setting('${name}') AS ${name}`).join(', ')}`);
      expect(row).toEqual({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', timezone: 'UTC', listen_addresses: '127.0.0.1', server_encoding: 'UTF8', is_superuser: 'off' });

      await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow('password authentication failed');
      await expect(query(url.replace('//meterbook:', '//postgres:').replace(/:[^:@]+@/, ':@'), 'SELECT 1')).rejects.toThrow('password');

      const mode = async (...names: string[]) => ((await stat(path.join(dataDir, ...names))).mode & 0o777).toString(8);
      expect(await mode()).toBe('700');
      expect(await mode('postgres/cluster/pgdata')).toBe('700');
      expect(await mode('postgres/cluster/password')).toBe('600');
    });

    it('sorts text by code point, so that positions sort as they were given', async () => {
      const { url } = await start();
      expect(await query(url, `SELECT string_agg(t, ' ' ORDER BY t) AS sorted FROM unnest(ARRAY['b', 'B', 'é', 'a', '_', '0']) t`)).toEqual([{ sorted: '0 B _ a b é' }]);
    });

    it('keeps the server out of our process group, where Ctrl-C would reach it', async () => {
      await start();
      const groupOf = async (pid: number) => Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[2]);
      if (process.platform === 'linux') expect(await groupOf(await postmasterOf(dataDir))).not.toBe(await groupOf(process.pid));
    });

    it('survives a kill in the middle of initdb', async () => {
      const home = path.join(dataDir, 'postgres');
      await mkdir(home, { recursive: true });
      const engine = startInProcess();
      const watcher = watch(home);
      while (!(await readdir(home)).some((name) => name.startsWith('cluster.new-'))) await once(watcher, 'change');
      watcher.close();
      await engine.kill('SIGKILL');
      expect(existsSync(path.join(home, 'cluster'))).toBe(false);

      expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect((await readdir(home)).sort()).toEqual(['cluster', 'lock', 'server.log']);
    });
  });

  describe('stop and start', () => {
    beforeEach(() => void afterFirstStart());

    it('leaves no process behind, can be called twice, and keeps the data', async () => {
      const first = await start();
      await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      const server = await postmasterOf(dataDir);
      await Promise.all([first.stop(), first.stop()]);
      expect(isAlive(server)).toBe(false);
      expect(existsSync(path.join(dataDir, 'postgres/cluster/pgdata/postmaster.pid'))).toBe(false);

      expect(await query((await start()).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    });

    it('ends sessions that are still open', async () => {
      const postgres = await start();
      const client = new Client({ connectionString: postgres.url });
      await client.connect();
      const errors: string[] = [];
      client.on('error', ({ message }) => errors.push(message));
      await client.query('BEGIN');
      await postgres.stop();
      expect(errors[0]).toBe('terminating connection due to administrator command');
    });

    it('takes the server along when the engine exits without stop()', async () => {
      const engine = startInProcess();
      await engine.url();
      const server = await postmasterOf(dataDir);
      await engine.kill('SIGUSR2');
      await gone(server);
    });
  });

  describe('a pool', () => {
    beforeEach(() => void afterFirstStart());

    it('shows its name, and lets nobody wait for a server that does not answer', async () => {
      const pool = createPool((await start()).url, { name: 'spec', statementTimeoutMs: 100 });
      await expect(pool.query('SELECT pg_sleep(60)')).rejects.toThrow('canceling statement due to statement timeout');
      const { rows } = await pool.query<{ pid: number; name: string }>(`SELECT pg_backend_pid() AS pid, current_setting('application_name') AS name`);
      const { pid, name } = rows[0]!;
      expect(name).toBe('spec');
      process.kill(pid, 'SIGSTOP');
      try {
        await expect(pool.query('SELECT 1')).rejects.toThrow('Query read timeout');
        expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await pool.end();
    });
  });

  describe('a crash', () => {
    beforeEach(() => void afterFirstStart());

    it('of the server: it is back by itself at the same address, and a pool with it', async () => {
      const { states, untilStatus, onStateChange } = observe();
      const { url } = await start(onStateChange);
      const pool = createPool(url, { name: 'spec' });
      await pool.query('CREATE TABLE kept AS SELECT 42 AS answer');
      process.kill(await postmasterOf(dataDir), 'SIGKILL');
      await untilStatus('ready');
      expect(states).toEqual([{ status: 'down', reason: 'it was ended by SIGKILL', retryInMs: 50 }, ...states.slice(1, -1), { status: 'ready' }]);
      expect((await pool.query('SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }]);
      await pool.end();
    });

    it('of one of its processes: reported and recovered the same way', async () => {
      const { states, untilStatus, onStateChange } = observe();
      const { url } = await start(onStateChange);
      const pool = createPool(url, { name: 'spec' });
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      process.kill(rows[0]!.pid, 'SIGKILL');
      await untilStatus('ready');
      expect(states[0]).toMatchObject({ status: 'down' });
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await pool.end();
    });

    it('of the engine: the server that outlived it is stopped, and what was committed is there', async () => {
      const engine = startInProcess();
      await query(await engine.url(), 'CREATE TABLE kept AS SELECT 42 AS answer');
      const server = await postmasterOf(dataDir);
      await engine.kill('SIGKILL');
      expect(isAlive(server)).toBe(true);

      const { url } = await start();
      expect(isAlive(server)).toBe(false);
      expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    });

    it('of both: the log is replayed', async () => {
      const engine = startInProcess();
      await query(await engine.url(), 'CREATE TABLE kept AS SELECT 42 AS answer');
      const server = await postmasterOf(dataDir);
      await engine.kill('SIGKILL');
      process.kill(server, 'SIGKILL');
      expect(await query((await start()).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    });

    it.each([
      ['nothing', async () => ''],
      ['the pid of another program', async () => `${process.pid}\n`],
      ['the pid of a zombie', async () => {
        // sleep does not know of the child that the shell left it, and never buries it.
        const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
        zombies.push(parent);
        return String((await once(parent.stdout, 'data'))[0]);
      }],
    ])('that left %s in postmaster.pid', async (_, leftover) => {
      await writeFile(path.join(dataDir, 'postgres/cluster/pgdata/postmaster.pid'), await leftover());
      expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
    const zombies: ReturnType<typeof spawn>[] = [];
    afterEach(() => zombies.splice(0).forEach((parent) => parent.kill('SIGKILL')));

    it('that cannot be repaired yet: keeps trying, ever more slowly, until it can', async () => {
      const { states, untilStatus, onStateChange } = observe();
      const { url } = await start(onStateChange);
      await rename(control(), `${control()}.aside`);
      process.kill(await postmasterOf(dataDir), 'SIGKILL');
      await untilStatus('down', 4);
      expect(states.map((state) => 'retryInMs' in state && state.retryInMs)).toEqual([50, 100, 200, 400]);
      expect(states[3]).toMatchObject({ reason: expect.stringContaining('could not open file') });
      await rename(`${control()}.aside`, control());
      await untilStatus('ready');
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('that is being repaired: stop() does not wait for the next try', async () => {
      const { untilStatus, onStateChange } = observe();
      const postgres = await start(onStateChange);
      await rename(control(), `${control()}.aside`);
      process.kill(await postmasterOf(dataDir), 'SIGKILL');
      await untilStatus('down', 6);
      const asked = performance.now();
      await postgres.stop();
      expect(performance.now() - asked).toBeLessThan(1_400); // the try under way waits 1.6 s
      await rename(`${control()}.aside`, control());
      expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  describe('what cannot be started says why in one line', () => {
    it('a second engine on the same data directory', async () => {
      afterFirstStart();
      const engine = startInProcess();
      await engine.url();
      expect(await refusal(start())).toBe(`The data directory ${dataDir} is in use by process ${engine.pid}. Stop that first, or set METERBOOK_DATA_DIR to another one.`);
    });

    it('all but one of many that start at once', async () => {
      const inProcesses = [1, 2].map(() => startInProcess());
      const here = [1, 2, 3].map(() => start());
      const outcomes = [
        ...inProcesses.map((engine) => Promise.race([engine.url(), engine.line('startError').then(({ startError }) => startError!)])),
        ...here.map((attempt) => attempt.then(({ url }) => url, (error: StartError) => error.message)),
      ];
      const lines = (await Promise.all(outcomes)).sort();
      expect(lines.slice(0, 4).every((line) => line.includes('is in use by process'))).toBe(true);
      expect(lines[4]).toMatch(/^postgres:/);
      expect(await query(lines[4]!, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('a data directory below a file', async () => {
      const file = path.join(await place(), 'file');
      await writeFile(file, '');
      const below = path.join(file, 'data');
      expect(await refusal(startEmbeddedPostgres({ dataDir: below, log: quiet }))).toBe(`Cannot use the data directory ${below}: not a directory (at ${below}/postgres).`);
    });

    it('a database of another major version', async () => {
      afterFirstStart();
      await writeFile(path.join(dataDir, 'postgres/cluster/pgdata/PG_VERSION'), '17\n');
      expect(await refusal(start())).toContain('was made by PostgreSQL 17');
    });

    it('a server that does not come up; after the repair it does', async () => {
      afterFirstStart();
      const hba = path.join(dataDir, 'postgres/cluster/pgdata/pg_hba.conf');
      const good = await readFile(hba, 'utf8');
      await writeFile(hba, 'nonsense\n');
      expect(await refusal(start())).toMatch(/^PostgreSQL does not start: could not load .*pg_hba.conf\. Its log is /);
      await writeFile(hba, good);
      expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });
});
