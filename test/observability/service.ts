import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** One of the processes of the enterprise shape, from its sources. */
export class Service {
  private constructor(private readonly child: ChildProcess, readonly url: string) {}

  /** Resolves when it says that it is ready. */
  static async start(name: 'api' | 'relay' | 'projector' | 'scheduler', env: Readonly<Record<string, string>>): Promise<Service> {
    const child = spawn(process.execPath, ['--import', path.resolve('test/support/run-typescript.mjs'), path.resolve(`apps/${name}/src/main.ts`)], {
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        const ready = /is ready at (\S+)/.exec(said);
        if (ready) resolve(ready[1] as string);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => reject(new Error(`${name} ended: ${said}`)));
    });
    return new Service(child, url);
  }

  /** As an orchestrator does it. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
