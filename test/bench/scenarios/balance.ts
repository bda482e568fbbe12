import path from 'node:path';
import type { Bench, Figure, Scenario } from '../bench.js';
import { Engine } from '../servers/engine.js';
import { Child } from '../support/child.js';
import { startServer } from '../support/database.js';
import { caughtUp, LagWatch } from '../support/lag.js';
import { inRounds, median, medianRatio } from '../support/rounds.js';

/** As many connections as the engine's pool for look-ups has. */
const POOL = 6;

/** S9: reading a balance. */
const run = async ({ size, load, engineFlags, say }: Bench): Promise<Figure[]> => {
  const { accounts, connections, rounds, warmUpMs, measureMs } = size;
  const server = await startServer();
  const engine = await Engine.start({ databaseUrl: server.url, dataDir: path.join(server.directory, 'engine'), flags: engineFlags });
  const floor = Child.start('servers/balance-floor.js');
  try {
    say(`S9: opening ${accounts.toLocaleString('en')} accounts`);
    await load.run({ ports: [engine.port], connections, conversation: { kind: 'open-accounts', from: 0, to: accounts }, warmUpMs: 0, measureMs: 600_000 });
    await load.run({ ports: [engine.port], connections, conversation: { kind: 'hold-and-settle', run: 'balance', accounts }, warmUpMs: 0, measureMs: warmUpMs });
    await caughtUp(server.url);
    const floorPort = await floor.call<number>('start', { url: server.url, connections: POOL });
    const read = (port: number, warmUp: number, measure: number) =>
      load.run({ ports: [port], connections, conversation: { kind: 'read-balance', accounts }, warmUpMs: warmUp, measureMs: measure });
    for (const port of [engine.port, floorPort]) await read(port, 0, warmUpMs);
    say('S9: reading balances');
    const lag = await LagWatch.start(server.url);
    const results = await inRounds(rounds, { engine: () => read(engine.port, measureMs / 10, measureMs), floor: () => read(floorPort, measureMs / 10, measureMs) });
    const behind = await lag.stop();
    const [figures, floors] = [results.engine, results.floor].map((turns) => turns.map(({ perSecond }) => perSecond)) as [number[], number[]];
    return [{
      id: 'S9', work: 'balance over HTTP, against bare Fastify with the same primary-key SELECT', unit: 'requests/s',
      figure: median(figures), floor: median(floors), ratio: medianRatio(figures, floors), target: { is: 'at least', ratio: 0.6 },
      notes: { 'read models behind by at most': `${behind} events`, '99 in 100 within': `${median(results.engine.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms; floor ${median(results.floor.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms` },
    }];
  } finally {
    await floor.stop();
    await engine.stop();
    await server.stop();
  }
};

export const balance: Scenario = { ids: ['S9'], run };
