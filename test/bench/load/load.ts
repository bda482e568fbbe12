import { Child } from '../support/child.js';
import type { LoadJob, LoadResult } from './job.js';

/** The load generator's process. It lives as long as the benchmark, so that it is warm when the first figure is taken. */
export class LoadGenerator {
  private readonly child = Child.start('load/generator.js');

  /** @throws when an answer was not the expected one: the figure would be of something else */
  async run(job: LoadJob): Promise<LoadResult> {
    const result = await this.runAnyway(job);
    if (result.unexpected !== undefined) throw new Error(`${job.conversation.kind}: ${result.unexpected}`);
    return result;
  }

  /** For load whose refusals are part of the game. */
  runAnyway(job: LoadJob): Promise<LoadResult> {
    return this.child.call<LoadResult>('run', job);
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}
