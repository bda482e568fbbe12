import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TOKEN } from '../load/conversations.js';
import { NODE_FLAGS } from '../support/child.js';

const MAIN = fileURLToPath(new URL('../../../apps/cli/src/main.js', import.meta.url));
/** Of what it says on stderr, to tell why it did not start. */
const MOST_KEPT = 4_000;
const READY = /ready at http:\/\/[^ ]*:(\d+)/;

export interface EngineOptions {
  /** Empty: the engine starts its own in the data directory. */
  readonly databaseUrl?: string;
  readonly dataDir: string;
  readonly flags?: readonly string[];
}

/** `meterbook start` as its users start it, in a process of its own. */
export class Engine {
  private constructor(private readonly process: ChildProcess, readonly port: number) {}

  static async start({ databaseUrl, dataDir, flags = [] }: EngineOptions): Promise<Engine> {
    const { DATABASE_URL: _, ...environment } = process.env;
    const child = spawn(process.execPath, [...NODE_FLAGS, ...flags, MAIN, 'start'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...environment, PORT: '0', METERBOOK_DATA_DIR: dataDir, METERBOOK_OPERATOR_TOKEN: TOKEN, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      },
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { said = `${said}${text}`.slice(-MOST_KEPT); });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code, signal) => { reject(new Error(`the engine did not start (${code ?? signal}): ${said}`)); });
      createInterface(child.stdout).on('line', (line) => {
        const ready = READY.exec(line);
        if (ready) resolve(Number(ready[1]));
      });
    });
    return new Engine(child, port);
  }

  get pid(): number { return this.process.pid!; }

  async get<Answer>(path: string): Promise<Answer> {
    return this.request<Answer>('GET', path);
  }

  async request<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method, headers: { authorization: `Bearer ${TOKEN}`, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as Answer;
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    await exited;
  }
}
