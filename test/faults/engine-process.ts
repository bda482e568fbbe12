import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { signalFamily } from '../support/signal-family.mjs';

const MAIN = path.resolve('dist/apps/cli/src/main.js');
export const TOKEN = 'fault-tests-operator-token';

export const newDataDir = (): { dir: string; remove: () => void } => {
  const dir = mkdtempSync(path.join(tmpdir(), 'meterbook-faults-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) };
};

/** An engine as a user runs it: a process of its own, which can be killed. */
export class EngineProcess {
  readonly url: string;
  private child: ChildProcess | undefined;
  output = '';

  constructor(private readonly port: number, readonly dataDir: string, private readonly env: Readonly<Record<string, string>> = {}) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, 'start'], {
      env: { ...process.env, HOST: '127.0.0.1', PORT: String(this.port), METERBOOK_DATA_DIR: this.dataDir, METERBOOK_OPERATOR_TOKEN: TOKEN, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.output = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        this.output = (this.output + chunk.toString()).slice(-20_000);
        if (this.output.includes('ready at')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code, signal) => reject(new Error(`engine ended (${code ?? signal}) before it was ready:\n${this.output}`)));
    });
  }

  get running(): boolean { return this.child?.exitCode === null && this.child.signalCode === null; }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.child || !this.running) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  /** Process id of its PostgreSQL, as that wrote it down. */
  get postgresPid(): number | undefined {
    try {
      return Number(readFileSync(path.join(this.dataDir, 'postgres/cluster/pgdata/postmaster.pid'), 'utf8').split('\n')[0]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  killPostgres(): void {
    process.kill(this.requirePostgres(), 'SIGKILL');
  }

  /** Stops PostgreSQL and all its sessions in their tracks, as a machine that hangs would; answers what lets them go on. */
  freezePostgres(): () => void {
    const postmaster = this.requirePostgres();
    signalFamily(postmaster, 'SIGSTOP');
    return () => signalFamily(postmaster, 'SIGCONT');
  }

  private requirePostgres(): number {
    const pid = this.postgresPid;
    if (pid === undefined) throw new Error(`no postmaster.pid under ${this.dataDir}`);
    return pid;
  }
}

/** Runs a command of the command line to its end. */
export const meterbook = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> => {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const [code] = await once(child, 'exit') as [number];
  return { code, output };
};
