import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OsUser } from '../os-user.js';

const Script = fileURLToPath(new URL('engine.mjs', import.meta.url));
export const Repository = path.resolve(path.dirname(Script), '../../../..');
const Library = path.join(Repository, 'dist/libs/postgres/src/index.js');

/** What engine.mjs tells, a line at a time. */
export interface Line {
  readonly url?: string;
  readonly startError?: string;
  readonly info?: string;
  readonly warn?: string;
  readonly stopped?: boolean;
}

/** An engine in a process of its own, to be killed in whatever way a test likes. It runs the build: Node cannot run the source. */
export class EngineProcess {
  readonly lines: Line[] = [];
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private waiting: { key: keyof Line; found: (line: Line) => void; lost: (error: Error) => void }[] = [];

  constructor(dataDir: string, user?: OsUser) {
    if (!existsSync(Library)) throw new Error('These tests run the build: npm run build');
    this.child = spawn(process.execPath, [Script, Library, dataDir], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'], ...user });
    this.exited = once(this.child, 'close');
    createInterface(this.child.stdout!).on('line', (text) => this.receive(JSON.parse(text) as Line));
    void this.exited.then(() => this.waiting.forEach(({ key, lost }) => lost(new Error(`the engine ended without a line with ${key}: ${JSON.stringify(this.lines)}`))));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first line that has `key`, seen or yet to come. */
  line(key: keyof Line): Promise<Line> {
    const seen = this.lines.find((line) => key in line);
    if (seen) return Promise.resolve(seen);
    return new Promise((found, lost) => this.waiting.push({ key, found, lost }));
  }

  async url(): Promise<string> {
    return (await this.line('url')).url!;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.exited;
  }

  private receive(line: Line): void {
    this.lines.push(line);
    const isMet = ({ key }: { key: keyof Line }) => key in line;
    this.waiting.filter(isMet).forEach(({ found }) => found(line));
    this.waiting = this.waiting.filter((waiter) => !isMet(waiter));
  }
}
