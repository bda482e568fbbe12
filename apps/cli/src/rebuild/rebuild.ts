import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../client/api-client.js';
import { withEngine, type TargetOptions } from '../client/target.js';
import { Failure, interruptible } from '#libs/process';
import { counted } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';

/** As `GET /v1/projections` shows it. */
interface Rebuild {
  readonly status: 'running' | 'done' | 'failed';
  /** Events of the log filled in, of so many. */
  readonly done: number;
  readonly total: number;
  readonly startedAt: string;
  readonly error?: string;
}

interface Projection {
  readonly name: string;
  readonly rebuild: Rebuild | null;
}

const PollMs = 250;
const STEPS = 1_000;

/** `meterbook rebuild`: fills read models anew beside the live ones; all of them in one go when none is named. */
export const rebuild = async (names: readonly string[], options: TargetOptions): Promise<void> => {
  const { signal, dispose } = interruptible();
  try {
    await withEngine(options, { signal }, async (client) => {
      const known = (await list(client)).map(({ name }) => name);
      const unknown = names.find((name) => !known.includes(name));
      if (unknown !== undefined) throw new Failure(`There is no read model ${unknown}; there are ${known.join(', ')}.`);
      for (const name of names.length === 0 ? ['all'] : new Set(names)) await rebuildOne(client, name, signal);
    });
  } finally {
    dispose();
  }
};

const list = async (client: ApiClient): Promise<readonly Projection[]> => (await client.get<{ items: readonly Projection[] }>('/v1/projections')).items;

/** @param name of a read model, or `all` */
const rebuildOne = async (client: ApiClient, name: string, signal: AbortSignal): Promise<void> => {
  const begun = performance.now();
  const { rebuild: { startedAt } } = await client.post<{ rebuild: Rebuild }>(`/v1/projections/${name}/rebuild`, {});
  const progress = startProgress({ title: `rebuild ${name}`, total: STEPS });
  try {
    for (let state = await stateOf(client, startedAt); state.status !== 'done'; state = await stateOf(client, startedAt)) {
      if (state.status === 'failed') throw new Failure(`The rebuild of ${name} failed: ${state.error ?? 'no reason given'}`);
      progress.update(Math.floor((STEPS * state.done) / Math.max(state.total, 1)), counted(state.done, 'event'));
      await sleep(PollMs, undefined, { signal });
    }
    progress.update(STEPS);
  } finally {
    progress.end();
  }
  process.stdout.write(`rebuilt ${name} in ${((performance.now() - begun) / 1_000).toFixed(1)} s\n`);
};

/** Of the rebuild that was asked for: what is shown of others may be how an earlier one ended. */
const stateOf = async (client: ApiClient, startedAt: string): Promise<Rebuild> => {
  const rebuilds = (await list(client)).map((projection) => projection.rebuild);
  const state = rebuilds.find((found) => found?.startedAt === startedAt) ?? rebuilds.find((found) => found?.status === 'running');
  if (!state) throw new Failure('The engine knows nothing of the rebuild any more; it may have been started again. Run this again.');
  return state;
};
