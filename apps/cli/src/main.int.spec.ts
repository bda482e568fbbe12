import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.js';
import { packageVersion } from '#libs/process';

jest.setTimeout(180_000);

const TOKEN = 'command-line-operator-token';

/** `meterbook …` as a process of its own. */
class Run {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  private readonly ended: Promise<unknown[]>;
  private static readonly started: ChildProcess[] = [];

  /** What a spec that failed left running would keep Jest waiting for its output. */
  static killAll(): void {
    for (const child of this.started.splice(0)) child.kill('SIGKILL');
  }

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string, main = 'apps/cli/src/main.ts', uid?: number) {
    const hooks = path.resolve('test/support/run-typescript.mjs');
    this.child = spawn(process.execPath, ['--import', hooks, path.resolve(main), ...args], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], ...(uid === undefined ? {} : { uid }) });
    this.child.stdout?.on('data', (chunk: Buffer) => { this.stdout += chunk.toString(); });
    this.child.stderr?.on('data', (chunk: Buffer) => { this.stderr += chunk.toString(); });
    this.ended = once(this.child, 'close');
    Run.started.push(this.child);
  }

  async code(): Promise<unknown> {
    return (await this.ended)[0];
  }

  async says(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = what.exec(this.stdout);
      if (found) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended with ${this.child.exitCode}: ${this.stderr}`);
      await once(this.child.stdout as NodeJS.ReadableStream, 'data');
    }
  }
}

describe('meterbook', () => {
  let database: TestDatabase;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'meterbook-cli-'));
    env = { DATABASE_URL: database.url, METERBOOK_DATA_DIR: path.join(folder, 'data'), METERBOOK_OPERATOR_TOKEN: TOKEN, PORT: '0', HOST: '127.0.0.1' };
  });
  afterEach(() => Run.killAll());
  afterAll(() => database.drop());

  const run = (args: readonly string[], changed: Readonly<Record<string, string>> = {}): Run => new Run(args, { ...env, ...changed }, folder);

  it('tells its version, and what it can do', async () => {
    const [version, help] = [run(['--version']), run(['--help'])];
    expect(await version.code()).toBe(0);
    expect(version.stdout).toBe(`${packageVersion()}\n`);
    expect(await help.code()).toBe(0);
    for (const command of ['start', 'import-usage', 'rebuild', 'verify', 'demo']) expect(help.stdout).toContain(command);
  });

  it('ends with 1 and one line for a setting or an option that cannot be used', async () => {
    const [setting, option] = [run(['start'], { PORT: 'web' }), run(['demo', '--days', 'many'])];
    expect(await setting.code()).toBe(1);
    expect(setting.stderr).toBe('meterbook: PORT is "web", which cannot be used: it is a whole number from 0 to 65535.\n');
    expect(await option.code()).toBe(1);
    expect(option.stderr).toContain("meterbook: option '--days <number>' argument 'many' is invalid. A whole number from 1 to 366 is needed.");
  });

  it('ends with 1 for a command that there is none of, also where its help is asked for', async () => {
    for (const args of [['invoice'], ['invoice', '--help'], ['help', 'invoice']]) {
      const unknown = run(args);
      expect({ code: await unknown.code(), out: unknown.stdout, error: unknown.stderr }).toEqual({ code: 1, out: '', error: "meterbook: unknown command 'invoice'\n(add --help for what is possible)\n" });
    }
  });

  it('lists every setting beside what it is', async () => {
    const help = run(['start', '--help']);
    await help.code();
    expect(help.stdout).toMatch(/^ {2}OTEL_EXPORTER_OTLP_ENDPOINT +OpenTelemetry collector /m);
  });

  it('says that the data directory may not be looked into, not that nothing is there', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'meterbook-denied-'));
    await mkdir(path.join(dataDir, 'postgres'));
    await chmod(dataDir, 0o000);
    const nobody = process.getuid?.() === 0 ? 65_534 : undefined; // root may look everywhere
    const denied = new Run(['verify'], { METERBOOK_DATA_DIR: dataDir, DATABASE_URL: '' }, '/', undefined, nobody);
    expect(await denied.code()).toBe(1);
    expect(denied.stderr).toBe(`meterbook: This user may not use ${path.join(dataDir, 'postgres')} (permission denied).\n`);
  });

  it.each(['apps/cli/src/main.ts', 'apps/scheduler/src/main.ts'])('%s stops at once while it waits for its database', async (main) => {
    const waiting = new Run(main.startsWith('apps/cli') ? ['start'] : [], { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }, folder, main);
    while (!waiting.stderr.includes('Waiting for the database')) await once(waiting.child.stderr as NodeJS.ReadableStream, 'data');
    const asked = performance.now();
    waiting.child.kill('SIGTERM');
    expect(await waiting.code()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(waiting.stderr).not.toMatch(/cannot be used|fault/);
  });

  it('starts, bills a file, verifies, rebuilds, and drains on Ctrl-C', async () => {
    const engine = run(['start']);
    const [, url = ''] = await engine.says(/^Meterbook is ready at (\S+)$/m);
    const post = (at: string, body: unknown): Promise<Response> =>
      fetch(url + at, { method: 'POST', body: JSON.stringify(body), headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' } });
    expect((await post('/v1/accounts', { id: 'acme', catalog: 'kyma' })).status).toBe(201);

    await writeFile(path.join(folder, 'usage.csv'), 'At,In\n2026-01-01 10:00:00,1000000\nnever,5\n2026-01-01 10:00:00,1000000\n');
    const imported = run(['import-usage', 'usage.csv', '--account', 'acme', '--model', 'qwen-3-coder', '--time', 'At', '--meter', 'input_tokens=In', '--url', url]);
    expect(await imported.code()).toBe(2);
    expect(imported.stdout).toMatch(/^3 rows of usage\.csv for acme in .*\n {2}charged now {7}2 rows, 1\.36 USD\n {2}imported before {3}0 rows, 0 USD\n {2}rejected {10}1 row\nMend what was rejected in usage\.rejects\.csv and import that, with the same options; usage\.csv itself, once changed, would be billed again from its first row\.\n$/);

    const rebuilt = run(['rebuild', 'balance', '--url', url]);
    expect(await rebuilt.code()).toBe(0);
    expect(rebuilt.stdout).toMatch(/^rebuilt balance in /);

    const verified = run(['verify']);
    expect({ code: await verified.code(), error: verified.stderr }).toEqual({ code: 0, error: '' });
    expect(verified.stdout).toMatch(/^\d+ events, 1 account, 3 catalogs: all in order\n/);

    engine.child.kill('SIGINT');
    expect(await engine.code()).toBe(0);
    expect(engine.stdout).toBe(`Meterbook is ready at ${url}\n`);
  });
});
