// Compiles when something changed since it was last compiled, and says so: it takes a while, and silence looks like a hang.
// Of several processes that are started at the same time one compiles, and the others wait for it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const STAMP = join('dist', '.compiled');
const LOCK = join('dist', '.compiling');
const SOURCES = ['apps', 'libs', 'test/bench', 'test/support', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const LOOK_EVERY_MS = 200;

const changedAt = (path) => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
};

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Who was killed while it compiled has left its lock behind. */
const takeLock = () => {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const holder = Number(statSync(LOCK, { throwIfNoEntry: false }) ? readFileSync(LOCK, 'utf8') : process.pid);
    if (holder > 0 && !isRunning(holder)) rmSync(LOCK, { force: true });
    return false;
  }
};

const compile = (compiledAt) => {
  console.error(compiledAt === 0 ? 'Compiling Meterbook; this is needed once and takes some seconds…' : 'Compiling what changed…');
  const begun = new Date();
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
  // What changes while it compiles is compiled the next time.
  else {
    writeFileSync(STAMP, '');
    utimesSync(STAMP, begun, begun);
  }
};

mkdirSync('dist', { recursive: true });
for (let isWaiting = false; ; await delay(LOOK_EVERY_MS)) {
  const compiledAt = changedAt(STAMP);
  if (compiledAt > 0 && Math.max(...SOURCES.map(changedAt)) <= compiledAt) break;
  if (takeLock()) {
    try {
      compile(compiledAt);
    } finally {
      rmSync(LOCK, { force: true });
    }
    break;
  }
  if (!isWaiting) console.error('Waiting for another process to compile Meterbook…');
  isWaiting = true;
}
