import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Figure, Scenario } from '../bench.js';
import { catalogFile, catalogOf } from '../history/kyma.js';
import { seedHistory } from '../history/seed-history.js';
import type { LoadResult } from '../load/job.js';
import { LoadGenerator } from '../load/load.js';
import { Engine } from '../servers/engine.js';
import { startServer } from '../support/database.js';
import { caughtUp } from '../support/lag.js';
import { makeTables, requireFold } from '../support/read-models.js';
import { inRounds, longRounds, median, medianRatio } from '../support/rounds.js';

/** Accounts of the history; those of the traffic are others. */
const FIRST_ACCOUNT = 500_000;
/** Of the commands that the engine takes without a rebuild, so that the machine has room for one. */
const LOAD = 0.25;
const READS_PER_SECOND = 500;
/** Traffic comes in stretches, so that it ends soon after the rebuild. */
const STRETCH_MS = 500;
const LOOK_AGAIN_MS = 50;

interface Rebuilt {
  readonly perSecond: number;
  readonly seconds: number;
  /** 99 in 100 balances were read within, in each stretch of traffic; none without traffic. */
  readonly p99Ms: readonly number[];
}

/** All read models rebuilt by an engine at work. */
class Rebuilding {
  private readonly readers = new LoadGenerator();
  private runs = 0;
  /** Commands a second. */
  rate = 0;

  constructor(private readonly bench: Bench, private readonly engine: Engine) {}

  /** Opens the accounts of the traffic, and sees how much of it the engine takes. */
  async prepare(): Promise<void> {
    const { load, size: { accounts, connections, warmUpMs, measureMs } } = this.bench;
    await load.run({ ports: [this.engine.port], connections, conversation: { kind: 'open-accounts', from: 0, to: accounts }, warmUpMs: 0, measureMs: 600_000 });
    const { perSecond } = await this.commands({ warmUpMs, measureMs });
    this.rate = Math.round(perSecond * LOAD);
  }

  /** Holds and settles, and balances beside them. Any answer but the expected one ends the run. @returns of the reading */
  async traffic(measureMs: number): Promise<LoadResult> {
    const { accounts } = this.bench.size;
    const pace = { warmUpMs: 0, measureMs };
    const [, read] = await Promise.all([
      this.commands({ ...pace, rate: this.rate }),
      this.readers.run({ ports: [this.engine.port], connections: 8, conversation: { kind: 'read-balance', accounts }, ...pace, rate: READS_PER_SECOND }),
    ]);
    return read;
  }

  /** @param isBusy with traffic until it has ended */
  async rebuild(isBusy: boolean): Promise<Rebuilt> {
    const over = new AbortController();
    const rebuilt = this.toTheEnd().finally(() => { over.abort(); });
    rebuilt.catch(() => undefined); // told when it is awaited
    const p99Ms: number[] = [];
    if (isBusy) while (!over.signal.aborted) p99Ms.push((await this.traffic(STRETCH_MS)).p99Ms);
    return { ...await rebuilt, p99Ms };
  }

  async stop(): Promise<void> {
    await this.readers.stop();
  }

  private async toTheEnd(): Promise<Pick<Rebuilt, 'perSecond' | 'seconds'>> {
    const begun = performance.now();
    await this.engine.request('POST', '/v1/projections/all/rebuild');
    for (;; await sleep(LOOK_AGAIN_MS)) {
      const { items: [first] } = await this.engine.get<{ items: readonly { rebuild: { status: string; done: number; error?: string } }[] }>('/v1/projections');
      const { status, done, error } = first!.rebuild;
      if (status === 'failed') throw new Error(`the rebuild failed: ${error}`);
      const seconds = (performance.now() - begun) / 1_000;
      if (status === 'done') return { perSecond: done / seconds, seconds };
    }
  }

  private commands(pace: { warmUpMs: number; measureMs: number; rate?: number }): Promise<LoadResult> {
    const { load, size: { accounts, connections } } = this.bench;
    const conversation = { kind: 'hold-and-settle' as const, run: `b${(this.runs += 1)}`, accounts };
    return load.run({ ports: [this.engine.port], connections, conversation, ...pace });
  }
}

const run = async (bench: Bench): Promise<Figure[]> => {
  const { size: { replay: { accounts, events }, rounds, warmUpMs, measureMs }, engineFlags, say } = bench;
  const server = await startServer();
  let engine: Engine | undefined;
  let rebuilding: Rebuilding | undefined;
  try {
    say(`rebuild: writing a history of ${events.toLocaleString('en')} events, read models included`);
    await makeTables(server.url);
    await seedHistory(server.url, { accounts, events, catalog: catalogOf(await catalogFile(), new Date().toISOString()), firstAccount: FIRST_ACCOUNT });
    engine = await Engine.start({ databaseUrl: server.url, dataDir: path.join(server.directory, 'engine'), flags: engineFlags });
    await caughtUp(server.url);
    rebuilding = new Rebuilding(bench, engine);
    await rebuilding.prepare();
    await rebuilding.traffic(warmUpMs);
    say(`rebuild: beside ${rebuilding.rate.toLocaleString('en')} commands/s and ${READS_PER_SECOND} balances/s, and alone`);
    const before: LoadResult[] = [];
    const turns = await inRounds(longRounds(rounds), {
      alone: () => rebuilding!.rebuild(false),
      beside: async () => {
        before.push(await rebuilding!.traffic(measureMs));
        return rebuilding!.rebuild(true);
      },
    });
    say('rebuild: checking the read models against the log');
    await caughtUp(server.url);
    await requireFold(server.url);
    const speeds = (of: readonly Rebuilt[]): number[] => of.map(({ perSecond }) => perSecond);
    const during = turns.beside.flatMap(({ p99Ms }) => p99Ms);
    return [{
      id: 'rebuild', work: `rebuild all read models from a log of ${events.toLocaleString('en')} events and those of the traffic, beside ${rebuilding.rate.toLocaleString('en')} commands/s (a quarter of what it takes) and ${READS_PER_SECOND} balances/s, against the same rebuild without traffic`,
      unit: 'events/s', figure: median(speeds(turns.beside)), floor: median(speeds(turns.alone)), ratio: medianRatio(speeds(turns.beside), speeds(turns.alone)),
      target: { is: 'at least', ratio: 0.5 },
      notes: {
        took: `${median(turns.beside.map(({ seconds }) => seconds)).toFixed(1)} s, and ${median(turns.alone.map(({ seconds }) => seconds)).toFixed(1)} s alone; every command and every read was answered as expected`,
        '99 in 100 balances within': `${median(before.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms before, ${median(during).toFixed(1)} ms during, ${Math.max(...during).toFixed(1)} ms in the slowest half second`,
      },
    }];
  } finally {
    await rebuilding?.stop();
    await engine?.stop();
    await server.stop();
  }
};

export const rebuild: Scenario = { ids: ['rebuild'], run };
