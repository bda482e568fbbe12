import path from 'node:path';
import { PostgresEventLog, PostgresStreamMemory } from '#libs/event-log';
import type { Bench, Figure, Scenario } from '../bench.js';
import { catalogFile, catalogOf } from '../history/kyma.js';
import { seedHistory } from '../history/seed-history.js';
import { accountIdOf } from '../load/conversations.js';
import { Engine } from '../servers/engine.js';
import { startServer } from '../support/database.js';
import { caughtUp } from '../support/lag.js';
import { inRounds, median, medianRatio } from '../support/rounds.js';

/** A load that never queues: what is compared is what one command costs, not how commands wait for each other. */
const CONNECTIONS = 4;
const RATE = 200;

/** S10: does a command take longer on an account with a long history? */
const run = async ({ size, load, engineFlags, say }: Bench): Promise<Figure[]> => {
  const { growth, rounds, warmUpMs, measureMs } = size;
  const server = await startServer();
  try {
    // With snapshots and ids as the engine would have left them.
    const log = await PostgresEventLog.open(server.url);
    const memory = await PostgresStreamMemory.open(server.url, log.id);
    const catalog = catalogOf(await catalogFile(), new Date().toISOString());
    say(`S10: writing ${growth.many.toLocaleString('en')} events of one account`);
    await seedHistory(server.url, { accounts: 1, firstAccount: 0, events: growth.few, catalog }, memory);
    await seedHistory(server.url, { accounts: 1, firstAccount: 1, events: growth.many, catalog }, memory);
    await memory.close();
    await log.close();
    const engine = await Engine.start({ databaseUrl: server.url, dataDir: path.join(server.directory, 'engine'), flags: engineFlags });
    try {
      say('S10: the read models catch up');
      await caughtUp(server.url);
      // What the history has left would not last.
      for (const account of [0, 1]) await engine.request('POST', `/v1/accounts/${accountIdOf(account)}/purchases`, { id: 'for-the-load', amount: '100000' });
      let runs = 0;
      const turn = (account: number, warmUp: number, measure: number) => load.run({
        ports: [engine.port], connections: CONNECTIONS, rate: RATE, warmUpMs: warmUp, measureMs: measure,
        conversation: { kind: 'hold-and-settle', run: `g${(runs += 1)}`, accounts: 1, firstAccount: account },
      });
      for (const account of [0, 1]) await turn(account, 0, warmUpMs);
      say('S10: short history against long');
      const results = await inRounds(rounds, { few: () => turn(0, measureMs / 10, measureMs), many: () => turn(1, measureMs / 10, measureMs) });
      const p50 = (name: 'few' | 'many'): number[] => results[name].map(({ p50Ms }) => p50Ms);
      const p99 = (name: 'few' | 'many'): number => median(results[name].map(({ p99Ms }) => p99Ms));
      return [{
        id: 'S10', work: `latency of S1's commands on an account of ${growth.many.toLocaleString('en')} events, against one of ${growth.few.toLocaleString('en')}`, unit: 'ms',
        figure: median(p50('many')), floor: median(p50('few')), ratio: medianRatio(p50('many'), p50('few')), target: { is: 'at most', ratio: 1.15 },
        notes: { '99 in 100 within': `${p99('many').toFixed(1)} ms; floor ${p99('few').toFixed(1)} ms` },
      }];
    } finally {
      await engine.stop();
    }
  } finally {
    await server.stop();
  }
};

export const growth: Scenario = { ids: ['S10'], run };
