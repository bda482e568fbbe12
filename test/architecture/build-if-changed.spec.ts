import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../faults/until.js';

const SCRIPT = path.resolve('scripts/build-if-changed.mjs');

/** Writes down that it was there, and takes as long as the file `hold` is there. */
const BUILD = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
appendFileSync('builds', 'x');
while (existsSync('hold')) await delay(20);
`;

interface Run { readonly code: unknown; readonly said: string }

describe('the build before a start', () => {
  let checkout: string;
  const at = (name: string): string => path.join(checkout, name);
  const write = (name: string, content = ''): void => writeFileSync(at(name), content);
  const lock = (): string => at('dist/.compiling');
  const builds = (): number => (existsSync(at('builds')) ? readFileSync(at('builds'), 'utf8').length : 0);
  const aMinute = (from: 'ago' | 'ahead'): Date => new Date(Date.now() + (from === 'ago' ? -60_000 : 60_000));

  const start = (onWaiting = (): void => undefined): Promise<Run> => new Promise((resolve) => {
    const { stderr } = execFile(process.execPath, [SCRIPT], { cwd: checkout, timeout: 30_000 }, (error, stdout, errors) => resolve({ code: error ? error.code ?? error.signal : 0, said: stdout + errors }));
    stderr?.on('data', (text: string) => { if (text.startsWith('Waiting')) onWaiting(); });
  });

  beforeEach(() => {
    checkout = mkdtempSync(path.join(tmpdir(), 'meterbook-build-'));
    write('package.json', JSON.stringify({ scripts: { build: 'node build.mjs' } }));
    write('build.mjs', BUILD);
    mkdirSync(at('libs'));
    mkdirSync(at('dist'));
    write('libs/source.ts');
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  it('compiles what changed, and only then', async () => {
    expect(await start()).toEqual({ code: 0, said: expect.stringContaining('needed once') as unknown });
    expect(await start()).toEqual({ code: 0, said: '' });
    utimesSync(at('libs/source.ts'), aMinute('ahead'), aMinute('ahead'));
    expect(await start()).toEqual({ code: 0, said: expect.stringContaining('what changed') as unknown });
    expect(builds()).toBe(2);
  });

  it('fails as the compiler does, and leaves the next one free to try again', async () => {
    write('build.mjs', 'process.exit(3)');
    expect(await start()).toMatchObject({ code: 3 });
    write('build.mjs', BUILD);
    expect(await start()).toEqual({ code: 0, said: expect.stringContaining('needed once') as unknown });
  });

  it('is done by one of several that are started at the same time', async () => {
    write('hold');
    let waiting = 0;
    const runs = Array.from({ length: 4 }, () => start(() => { waiting += 1; }));
    await until('one compiles and the others wait', () => builds() > 0 && waiting === 3, { withinMs: 20_000 });
    rmSync(at('hold'));
    expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(builds()).toBe(1);
    expect(existsSync(lock())).toBe(false);
  });

  it.each([
    ['that is empty', '', 'ago'], ['that names a process which lives', String(process.pid), 'ago'], ['of a time to come', '', 'ahead'],
  ] as const)('is not kept from compiling by a lock left behind %s', async (_, content, from) => {
    write('dist/.compiling', content);
    utimesSync(lock(), aMinute(from), aMinute(from));
    expect(await start()).toMatchObject({ code: 0 });
    expect(builds()).toBe(1);
  });

  it('is waited for while it lasts, however long that is', async () => {
    write('hold');
    const first = start();
    await until('it compiles', () => builds() === 1);
    utimesSync(lock(), aMinute('ago'), aMinute('ago'));
    await until('it says that it lives', () => Date.now() - statSync(lock()).mtimeMs < 10_000, { withinMs: 10_000 });
    let isWaiting = false;
    const second = start(() => { isWaiting = true; });
    await until('the other waits', () => isWaiting, { withinMs: 20_000 });
    await delay(600); // three looks
    expect(builds()).toBe(1);
    rmSync(at('hold'));
    expect((await Promise.all([first, second])).map(({ code }) => code)).toEqual([0, 0]);
    expect(builds()).toBe(1);
  });
});
