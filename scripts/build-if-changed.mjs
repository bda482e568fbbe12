// Compiles when something changed since it was last compiled, and says so: it takes a while, and silence looks like a hang.
// Of several processes that are started at the same time one compiles, and the others wait for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, utimes, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const STAMP = join('dist', '.compiled');
const LOCK = join('dist', '.compiling');
const SOURCES = ['apps', 'libs', 'test/bench', 'test/support', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const LOOK_EVERY_MS = 200;
/** Who compiles touches its lock: a process id would say nothing after a reboot, or to another container on the same files. */
const TOUCH_EVERY_MS = 1_000;
/** Several touches are missed before a lock counts as left behind by who was killed: a busy machine is late. */
const LEFT_AFTER_MS = 5_000;

const changedAt = (path) => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
};

const isCompiled = () => {
  const compiledAt = changedAt(STAMP);
  return compiledAt > 0 && Math.max(...SOURCES.map(changedAt)) <= compiledAt;
};

/** A lock that was left behind is only removed, and taken at the next look: of two that find it none removes the other's. */
const takeLock = () => {
  try {
    writeFileSync(LOCK, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const touchedAt = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now(); // given back just now
    // The future, too, is no time of somebody who compiles: the clock was set back.
    if (Math.abs(Date.now() - touchedAt) > LEFT_AFTER_MS) rmSync(LOCK, { force: true });
    return false;
  }
};

const touchLock = () => {
  const now = new Date();
  utimes(LOCK, now, now, () => undefined); // gone where somebody took it for left behind: then two compile, to the same result
};

const compile = async () => {
  console.error(changedAt(STAMP) === 0 ? 'Compiling Meterbook; this is needed once and takes some seconds…' : 'Compiling what changed…');
  const begun = new Date();
  const [status] = await once(spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }), 'exit');
  if (status !== 0) process.exitCode = status ?? 1;
  // What changes while it compiles is compiled the next time.
  else {
    writeFileSync(STAMP, '');
    utimesSync(STAMP, begun, begun);
  }
};

mkdirSync('dist', { recursive: true });
for (let isWaiting = false; !isCompiled(); await delay(LOOK_EVERY_MS)) {
  if (takeLock()) {
    const touching = setInterval(touchLock, TOUCH_EVERY_MS);
    try {
      if (!isCompiled()) await compile(); // another may have finished between the look and the lock
    } finally {
      clearInterval(touching);
      rmSync(LOCK, { force: true });
    }
    break;
  }
  if (!isWaiting) console.error('Waiting for another process to compile Meterbook…');
  isWaiting = true;
}
