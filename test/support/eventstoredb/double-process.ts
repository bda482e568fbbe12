import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppendFault } from './faults.js';
import type { Order } from './orders.js';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A double in a process of its own, with its log in a file that outlives it. */
export class DoubleProcess {
  private constructor(
    private readonly directory: string, private process: ChildProcess,
    /** A connection string; the same after a restart. */
    readonly url: string,
  ) {}

  static async start(): Promise<DoubleProcess> {
    const directory = mkdtempSync(path.join(tmpdir(), 'eventstoredb-double-'));
    const { process, url } = await launch(directory, '0');
    return new DoubleProcess(directory, process, url);
  }

  freeze(): void {
    this.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.process.kill('SIGCONT');
  }

  /** What goes wrong with the appends that follow, one each. */
  failAppends(faults: readonly AppendFault[]): void {
    this.order({ appends: faults });
  }

  /** From now on every answer is late by this much. */
  answerAfter(ms: number): void {
    this.order({ answerAfterMs: ms });
  }

  /** Breaks every connection; new ones work. */
  dropConnections(): void {
    this.order('drop-connections');
  }

  /** Empties its memory of recent ids. */
  forget(): void {
    this.order('forget');
  }

  /** Without warning. */
  async kill(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }

  async restart(): Promise<void> {
    ({ process: this.process } = await launch(this.directory, new URL(this.url).port));
  }

  async remove(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill();
    rmSync(this.directory, { recursive: true });
  }

  private order(order: Order): void {
    this.process.send(order, () => undefined); // one that is dead hears nothing
  }
}

const launch = async (directory: string, port: string): Promise<{ process: ChildProcess; url: string }> => {
  const process = spawn(globalThis.process.execPath, [
    '--import', file('../run-typescript.mjs'), file('main.ts'), '--port', port, '--file', path.join(directory, 'journal.jsonl'),
  ], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const [url] = await Promise.race([
    once(process.stdout as NonNullable<typeof process.stdout>, 'data'),
    once(process, 'exit').then(() => { throw new Error('the double of EventStoreDB did not start'); }),
  ]) as [Buffer];
  return { process, url: String(url).trim() };
};
