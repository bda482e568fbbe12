import type { Bench, Figure, Scenario } from '../bench.js';
import { catalogFile, catalogOf } from '../history/kyma.js';
import { seedHistory } from '../history/seed-history.js';
import { PostgresEventLog } from '#libs/event-log';
import { Child } from '../support/child.js';
import { startServer } from '../support/database.js';
import { inRounds, median, medianRatio } from '../support/rounds.js';
import type { Replay } from '../workers/replay.js';

/** S6, and the memory of S10: folding the log against parsing it, and whether more of it takes more memory. */
const run = async ({ size: { replay, memory, rounds }, wanted, say }: Bench): Promise<Figure[]> => {
  const server = await startServer();
  const figures: Figure[] = [];
  try {
    await (await PostgresEventLog.open(server.url)).close();
    const events = Math.max(wanted.has('S6') ? replay.events : 0, wanted.has('S10') ? memory.more : 0);
    say(`S6, S10: writing a history of ${events.toLocaleString('en')} events`);
    const catalog = catalogOf(await catalogFile(), new Date().toISOString());
    const started = performance.now();
    const written = await seedHistory(server.url, { accounts: replay.accounts, events, catalog });
    const seededPerSecond = ((written * 1_000) / (performance.now() - started)).toFixed(0);
    if (wanted.has('S6')) {
      say('S6: folding against parsing');
      const worker = Child.start('workers/replay.js');
      await worker.call('start', { url: server.url });
      for (const warmUp of ['fold', 'parse']) await worker.call(warmUp, { events: Math.min(20_000, replay.events) });
      const { fold, parse } = await inRounds(rounds, {
        fold: () => worker.call<Replay>('fold', { events: replay.events }),
        parse: () => worker.call<Replay>('parse', { events: replay.events }),
      });
      await worker.stop();
      if (new Set(fold.map(({ checksum }) => checksum)).size !== 1) throw new Error('two folds of one log differ');
      const [folded, parsed] = [fold, parse].map((runs) => runs.map(({ perSecond }) => perSecond)) as [number[], number[]];
      figures.push({
        id: 'S6', work: `fold ${replay.events.toLocaleString('en')} events of ${replay.accounts.toLocaleString('en')} accounts, against reading and JSON.parse of the same`, unit: 'events/s',
        figure: median(folded), floor: median(parsed), ratio: medianRatio(folded, parsed), target: { is: 'at least', ratio: 0.8 },
        notes: { 'history written at': `${seededPerSecond} events/s` },
      });
    }
    if (wanted.has('S10')) {
      say('S10: memory while replaying');
      const peaks: Replay[] = [];
      for (const count of [memory.fewer, memory.more]) {
        const worker = Child.start('workers/replay.js');
        await worker.call('start', { url: server.url });
        peaks.push(await worker.call<Replay>('fold', { events: count }));
        await worker.stop();
      }
      const [fewer, more] = peaks as [Replay, Replay];
      figures.push({
        id: 'S10 memory', work: `peak RSS while folding ${more.events.toLocaleString('en')} events, against ${fewer.events.toLocaleString('en')}`, unit: 'MB',
        figure: more.rssMb, floor: fewer.rssMb, ratio: more.rssMb / fewer.rssMb, target: { is: 'at most', ratio: 1.15 },
        notes: { 'peak heap': `${more.heapMb.toFixed(0)} MB against ${fewer.heapMb.toFixed(0)} MB` },
      });
    }
    return figures;
  } finally {
    await server.stop();
  }
};

export const replay: Scenario = { ids: ['S6', 'S10'], run };
