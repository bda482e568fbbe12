import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** As `npm start` runs the engine: a young generation that most of a request's garbage fits in. Floors have it too. */
export const NODE_FLAGS = ['--max-semi-space-size=32'];

interface Call { readonly number: number; readonly method: string; readonly argument: unknown }
interface Reply { readonly number: number; readonly result?: unknown; readonly error?: string }

/** In a child process: answers the parent's calls, one method each. It ends with its parent. */
export const answerParent = (methods: Readonly<Record<string, (argument: never) => unknown>>): void => {
  process.on('message', (call: Call) => {
    void (async () => {
      const reply: Reply = await Promise.resolve()
        .then(() => methods[call.method]!(call.argument as never))
        .then((result) => ({ number: call.number, result }), (error: unknown) => ({ number: call.number, error: error instanceof Error ? error.stack ?? error.message : String(error) }));
      process.send?.(reply);
    })();
  });
  process.once('disconnect', () => { process.exit(); });
};

/** A child process of this folder that answers calls (see {@link answerParent}). */
export class Child {
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private calls = 0;

  private constructor(private readonly process: ChildProcess, private readonly name: string) {
    process.on('message', ({ number, result, error }: Reply) => {
      const call = this.waiting.get(number);
      this.waiting.delete(number);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`${this.name}: ${error}`));
    });
    process.once('exit', (code, signal) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`${this.name} ended: ${code ?? signal}`));
    });
  }

  /** @param module beside this folder's parent, such as `workers/replay.js` */
  static start(module: string, nodeFlags: readonly string[] = []): Child {
    const file = fileURLToPath(new URL(`../${module}`, import.meta.url));
    return new Child(fork(file, { execArgv: ['--enable-source-maps', ...NODE_FLAGS, ...nodeFlags] }), module);
  }

  get pid(): number { return this.process.pid!; }

  call<Result>(method: string, argument?: unknown): Promise<Result> {
    const number = (this.calls += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve: resolve as (result: unknown) => void, reject });
      this.process.send({ number, method, argument } satisfies Call, (error) => { if (error) reject(error); });
    });
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.disconnect();
    await exited;
  }
}
