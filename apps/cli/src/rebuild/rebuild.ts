import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../client/api-client.js';
import { withEngine, type TargetOptions } from '../client/target.js';
import { Failure } from '../failure.js';
import { interruptible } from '../terminal/interrupt.js';
import { counted } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';

/** A read model as `GET /v1/projections` shows it. */
interface Projection {
  readonly name: string;
  readonly rebuild: { readonly status: 'running' | 'done' | 'failed'; readonly done: number; readonly total: number; readonly error?: string } | null;
}

const PollMs = 250;

/** `meterbook rebuild`: fills read models anew beside the live ones, one after another. */
export const rebuild = async (names: readonly string[], options: TargetOptions): Promise<void> => {
  const { signal, dispose } = interruptible();
  try {
    await withEngine(options, { signal }, async (client) => {
      for (const name of await wanted(client, names)) await rebuildOne(client, name, signal);
    });
  } finally {
    dispose();
  }
};

const list = async (client: ApiClient): Promise<readonly Projection[]> => (await client.get<{ items: readonly Projection[] }>('/v1/projections')).items;

const wanted = async (client: ApiClient, names: readonly string[]): Promise<readonly string[]> => {
  const known = (await list(client)).map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Failure(`There is no read model ${unknown}; there are ${known.join(', ')}.`);
  return names.length === 0 ? known : names;
};

const rebuildOne = async (client: ApiClient, name: string, signal: AbortSignal): Promise<void> => {
  const begun = performance.now();
  await client.post(`/v1/projections/${name}/rebuild`, {});
  const progress = startProgress({ title: `rebuild ${name}`, total: 1_000 });
  try {
    for (;;) {
      const state = (await list(client)).find((projection) => projection.name === name)?.rebuild;
      if (!state) throw new Failure(`The engine stopped rebuilding ${name}; run this again.`);
      if (state.status === 'failed') throw new Failure(`${name} could not be rebuilt: ${state.error ?? 'no reason given'}`);
      progress.update(state.total === 0 ? 1_000 : Math.floor((1_000 * state.done) / state.total), counted(state.done, 'event'));
      if (state.status === 'done') break;
      await sleep(PollMs, undefined, { signal });
    }
  } finally {
    progress.end();
  }
  process.stdout.write(`${name} was rebuilt in ${((performance.now() - begun) / 1_000).toFixed(1)} s\n`);
};
