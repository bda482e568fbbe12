import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '#libs/postgres';
import type { Bench, Figure, Scenario } from '../bench.js';
import { catalogFile, catalogOf } from '../history/kyma.js';
import { seedHistory } from '../history/seed-history.js';
import { accountIdOf, CATALOG } from '../load/conversations.js';
import { Engine } from '../servers/engine.js';
import { temporaryDirectory } from '../support/database.js';
import { killServerOf } from '../support/kill-server.js';
import { inRounds, median, medianRatio } from '../support/rounds.js';

/** The account used here; no history has it. */
const ACCOUNT = accountIdOf(999_999);

/** An embedded engine on a data directory of its own, ended and started again. */
class Installation {
  private engine: Engine | undefined;
  private holds = 0;

  constructor(private readonly dataDir: string, private readonly bench: Bench) {}

  /** The first start makes the database; then the history is written into it, and the read models fill. */
  async prepare(events: number, accounts: number): Promise<void> {
    await this.start();
    await this.running.request('POST', '/v1/accounts', { id: ACCOUNT, catalog: CATALOG, billing: { mode: 'prepaid' } });
    await this.running.request('POST', `/v1/accounts/${ACCOUNT}/purchases`, { id: 'first', amount: '1000000' });
    if (events === 0) return;
    await this.running.stop();
    const postgres = await startEmbeddedPostgres({ dataDir: this.dataDir, log: { info: () => undefined, warn: console.warn } });
    await seedHistory(postgres.url, { accounts, events, catalog: catalogOf(await catalogFile(), new Date().toISOString()) });
    await postgres.stop();
    await this.start();
    await this.caughtUp();
  }

  /** Some load, so that there is something to recover, then the end, then back to the first accepted hold. @returns ms */
  async restart(end: 'stop' | 'kill'): Promise<number> {
    const { load, size: { connections, measureMs } } = this.bench;
    await load.run({
      ports: [this.running.port], connections, warmUpMs: 0, measureMs,
      conversation: { kind: 'hold-and-settle', run: `x${(this.holds += 1)}`, accounts: 1, firstAccount: 999_999 },
    });
    if (end === 'stop') await this.running.stop();
    else await Promise.all([this.running.kill(), killServerOf(this.dataDir)]);
    const begun = performance.now();
    await this.start();
    await this.running.request('POST', '/v1/holds', { id: `first-${(this.holds += 1)}`, accountId: ACCOUNT, amount: '0.01' });
    return performance.now() - begun;
  }

  async remove(): Promise<void> {
    await this.engine?.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private get running(): Engine { return this.engine!; }

  /** A restart that first has to fill its read models would be measured for that. */
  private async caughtUp(): Promise<void> {
    for (;; await sleep(500)) {
      const { items } = await this.running.get<{ items: readonly { lag: { events: number } }[] }>('/v1/projections');
      if (items.every(({ lag }) => lag.events === 0)) return;
    }
  }

  private async start(): Promise<void> {
    this.engine = await Engine.start({ dataDir: this.dataDir, flags: this.bench.engineFlags });
  }
}

/** S11: the embedded engine's restart with a long log, against a log that is as good as empty. */
const run = async (bench: Bench): Promise<Figure[]> => {
  const { size: { restart, rounds }, say } = bench;
  const directory = await temporaryDirectory();
  const [long, empty] = ['long', 'empty'].map((name) => new Installation(path.join(directory, name), bench)) as [Installation, Installation];
  try {
    say(`S11: writing a history of ${restart.events.toLocaleString('en')} events, read models included`);
    await empty.prepare(0, 0);
    await long.prepare(restart.events, restart.accounts);
    const figures: Figure[] = [];
    for (const [end, words] of [['stop', 'a clean stop'], ['kill', 'kill -9 of engine and PostgreSQL']] as const) {
      say(`S11: restarts after ${words}`);
      const times = await inRounds(rounds, { long: () => long.restart(end), empty: () => empty.restart(end) });
      figures.push({
        id: `S11 ${end}`, work: `restart with ${restart.events.toLocaleString('en')} events to the first accepted hold, after ${words}, against an empty log`, unit: 'ms',
        figure: median(times.long), floor: median(times.empty), ratio: medianRatio(times.long, times.empty), target: { is: 'at most', ratio: 1.5 },
        notes: { slowest: `${Math.max(...times.long).toFixed(0)} ms; empty ${Math.max(...times.empty).toFixed(0)} ms` },
      });
    }
    return figures;
  } finally {
    await Promise.all([long.remove(), empty.remove()]);
    await rm(directory, { recursive: true, force: true });
  }
};

export const restart: Scenario = { ids: ['S11'], run };
