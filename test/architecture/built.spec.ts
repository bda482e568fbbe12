import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/*
 * What is built starts. Jest is kinder than Node about what a package exports by name, so that a program may pass every
 * other spec and not start at all.
 */
const DIST = path.resolve('dist');
const ELSEWHERE = mkdtempSync(path.join(tmpdir(), 'meterbook-built-'));

/** Without any setting but these, and where no data directory is. */
const node = (args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<{ code: unknown; said: string }> => new Promise((resolve) => {
  const { PATH = '' } = process.env;
  execFile(process.execPath, args, { cwd: ELSEWHERE, env: { PATH, ...settings }, timeout: 60_000 }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, said: stdout + stderr }));
});

const main = (app: string): string => path.join(DIST, 'apps', app, 'src', 'main.js');

/** What the sources are built into; not what runs as soon as it is loaded. */
const modules = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const file = path.join(folder, entry.name);
  if (entry.isDirectory()) return entry.name === 'testing' ? [] : modules(file);
  return entry.name.endsWith('.ts') && !/(^main|\.spec)\.ts$/.test(entry.name) ? [path.join(DIST, file.replace(/ts$/, 'js'))] : [];
});

describe('what is built', () => {
  it.each(['api', 'relay', 'projector', 'scheduler'])('starts as far as the %s can without a database', async (app) => {
    expect(await node([main(app)])).toEqual({ code: 1, said: expect.stringMatching(new RegExp(`^meterbook: The ${app} needs DATABASE_URL: [^\\n]*\\n$`)) as unknown });
  });

  it.each([
    [['start'], { PORT: 'web' }, /^meterbook: PORT is "web", which cannot be used: .*\n$/],
    [['verify'], {}, /^meterbook: There is no database in .*\n$/],
    [['migrate-log'], {}, /^meterbook: One of --to and --unseal is needed: .*\n$/],
    [['rebuild', '--url', 'nowhere'], {}, /^meterbook: --url is "nowhere"; .*\n$/],
  ])('runs meterbook %j as far as it can', async (args, settings, said) => {
    expect(await node([main('cli'), ...args], settings)).toEqual({ code: 1, said: expect.stringMatching(said) as unknown });
  });

  it('can be loaded, all of it, also what is loaded by those who use it', async () => {
    const files = ['apps', 'libs'].flatMap(modules);
    expect(files.length).toBeGreaterThan(100);
    const load = 'for (const file of process.argv.slice(1)) await import(file); process.exit();';
    expect(await node(['--input-type=module', '-e', load, ...files])).toEqual({ code: 0, said: '' });
  });
});
