// Adds the lock entries of platform packages that npm left out because their files could not be fetched where the lock
// was made. Without them `npm ci` fails on those platforms ("Missing … from lock file"). Run after every `npm install`;
// with --check it only tells whether something is missing.
import { readFileSync, writeFileSync } from 'node:fs';

const LOCK = new URL('../package-lock.json', import.meta.url);
const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'windows'];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64'];

const platformOf = (name) => {
  const words = name.split('/').pop().split('-');
  const os = OS.find((word) => words.includes(word));
  const cpu = CPU.find((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined;
  if (!os || !cpu) throw new Error(`which platform is ${name}? teach scripts/complete-lock.mjs`);
  return { os: [os === 'windows' ? 'win32' : os], cpu: [cpu], ...(os === 'linux' && libc ? { libc: [libc] } : {}) };
};

const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
const present = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').pop()));
const missing = Object.values(lock.packages).flatMap(({ optionalDependencies = {}, dev }) =>
  Object.entries(optionalDependencies).filter(([name]) => !present.has(name)).map(([name, version]) => ({ name, version, dev })));

if (missing.length === 0) process.exit(0);
if (process.argv.includes('--check')) {
  process.stderr.write(`package-lock.json misses ${missing.length} platform packages; run node scripts/complete-lock.mjs\n`);
  process.exit(1);
}
for (const { name, version, dev } of missing) {
  lock.packages[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true };
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(LOCK, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
process.stdout.write(`added ${missing.length} platform packages\n`);
