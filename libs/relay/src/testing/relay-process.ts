import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KafkaSettings } from '#libs/event-feed';
import { until } from './until.js';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** See relaying-process.ts. */
export class RelayProcess {
  /** What it says: its states. */
  states: string[] = [];
  errors = '';
  private readonly child: ChildProcess;

  constructor(databaseUrl: string, { brokers: [broker = ''], topic }: KafkaSettings) {
    this.child = spawn(process.execPath, [
      '--import', file('../../../../test/support/run-typescript.mjs'), file('./relaying-process.ts'), databaseUrl, broker, topic,
    ], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (text) => { this.states.push(...String(text).trim().split('\n')); });
    this.child.stderr?.on('data', (text) => { this.errors += String(text); });
  }

  async untilState(state: string): Promise<void> {
    await until(() => {
      if (this.child.exitCode !== null) throw new Error(`the relay ended: ${this.errors}`);
      return this.states.at(-1) === state;
    });
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
