// Compiles when something changed since it was last compiled, and says so: it takes a while, and silence looks like a hang.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STAMP = join('dist', '.compiled');
const SOURCES = ['apps', 'libs', 'test/bench', 'test/support', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

const changedAt = (path) => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
};

const compiledAt = changedAt(STAMP);
if (compiledAt === 0 || Math.max(...SOURCES.map(changedAt)) > compiledAt) {
  console.error(compiledAt === 0 ? 'Compiling Meterbook; this is needed once and takes some seconds…' : 'Compiling what changed…');
  const begun = new Date();
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  // What changes while it compiles is compiled the next time.
  writeFileSync(STAMP, '');
  utimesSync(STAMP, begun, begun);
}
