import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { until } from './until.js';

const RESTART_AFTER_MS = 300;
/** A process waits 30 s for the servers it needs, and starts on a busy machine. */
const READY_WITHIN_MS = 90_000;

/** One of the processes of the enterprise shape as a user runs it, kept alive as an orchestrator does: whatever it dies of, it is started again. */
export class Service {
  readonly url: string;
  /** When and why it ended though nobody had killed it. */
  readonly endings: string[] = [];
  private output = '';
  private child: ChildProcess | undefined;
  private restart: NodeJS.Timeout | undefined;
  private isStopping = false;
  private isReady = false;

  constructor(readonly name: string, private readonly app: string, port: number, private readonly env: Readonly<Record<string, string>>) {
    this.url = `http://127.0.0.1:${port}`;
    this.env = { ...env, HOST: '127.0.0.1', PORT: String(port) };
    process.once('exit', () => { this.child?.kill('SIGKILL'); });
  }

  start(): void {
    const child = spawn(process.execPath, [path.resolve(`dist/apps/${this.app}/src/main.js`)], { env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const hear = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-8_000);
      this.isReady ||= this.output.includes('is ready at');
    };
    this.output = '';
    this.isReady = false;
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code, signal) => {
      this.isReady = false;
      if (this.isStopping) return;
      if (signal !== 'SIGKILL') this.endings.push(`${this.name} ended by itself (${code ?? signal}): ${this.output}`);
      this.restart = setTimeout(() => this.start(), RESTART_AFTER_MS);
    });
  }

  /** @throws with what it said last when it is not in time */
  async untilReady(): Promise<void> {
    await until(`${this.name} is ready`, () => this.isReady, { withinMs: READY_WITHIN_MS, otherwise: () => this.output });
  }

  /** kill -9; it is started again. */
  async kill(): Promise<void> {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** As a user stops it. Answers how it ended. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.isStopping = true;
    clearTimeout(this.restart);
    const { child } = this;
    if (!child) return 0;
    child.kill('SIGCONT');
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode ?? child.signalCode ?? 0;
  }

  /** How it says it is, and the last it said. */
  async report(): Promise<string> {
    const health = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).then((answer) => answer.text(), String);
    return `${this.name} ${this.url} ${health}\n${this.output.slice(-1_500)}`;
  }
}
