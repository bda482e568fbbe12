import path from 'node:path';
import type { Bench, Figure, Scenario } from '../bench.js';
import type { LoadResult } from '../load/job.js';
import { accountIdOf } from '../load/conversations.js';
import { Engine } from '../servers/engine.js';
import type { BodySizes } from '../servers/rows.js';
import { bodySizesOf } from '../support/body-sizes.js';
import { Child } from '../support/child.js';
import { cpuMicrosOf, ServerCpu } from '../support/cpu.js';
import { startServer, type Server } from '../support/database.js';
import { caughtUp, LagWatch } from '../support/lag.js';
import { inRounds, median, medianRatio } from '../support/rounds.js';
import { requireBalances, requireNothingLost, type Acknowledged } from './nothing-lost.js';

/** A turn of one contender. */
interface Turn extends LoadResult {
  readonly serverMicros: number;
  readonly postgresMicros: number;
  /** Most events that a read model was behind; 0 for servers that have none. */
  readonly lag: number;
}

interface Contender {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  readonly accounts: number;
  readonly firstAccount?: number;
  readonly isEngine: boolean;
}

/** S1, S3 and S4: holds and settles over HTTP, all contenders in the same rounds on the same PostgreSQL. */
class OverHttp {
  private readonly children: Child[] = [];
  private readonly acknowledged = { accounts: 0, holds: 0, settles: 0 };
  private runs = 0;

  constructor(private readonly bench: Bench, private readonly server: Server, private readonly engine: Engine, private readonly cpu: ServerCpu) {}

  async measure(): Promise<Figure[]> {
    const { size: { accounts, rounds, warmUpMs }, wanted, say } = this.bench;
    const [s1, s3, s4] = ['S1', 'S3', 'S4'].map((id) => wanted.has(id)) as [boolean, boolean, boolean];
    say(`opening ${accounts.toLocaleString('en')} accounts`);
    // Two more than the many: a hot one for one engine, and one for two.
    await this.openAccounts(accounts + 2);
    const many: Contender = { ports: [this.engine.port], pids: [this.engine.pid], accounts, isEngine: true };
    await this.turn(many, { warmUpMs: 0, measureMs: warmUpMs });
    const sizes = await bodySizesOf(this.server.url);

    const contenders: Record<string, Contender> = {
      many,
      ...(s1 && { fastify: await this.floor('servers/fastify-floor.js', { sizes }), nest: await this.floor('servers/nest-floor.js', { sizes }) }),
      ...((s3 || s4) && { hot: { ...many, accounts: 1, firstAccount: accounts } }),
      ...(s4 && await this.wallets(sizes)),
    };
    for (const [name, contender] of Object.entries(contenders)) {
      say(`warming up ${name}`);
      await this.turn(contender, { warmUpMs: 0, measureMs: warmUpMs });
    }
    say(`${rounds} rounds of ${Object.keys(contenders).join(', ')}`);
    const turns = await inRounds(rounds, Object.fromEntries(Object.entries(contenders).map(([name, contender]) => [name, () => this.turn(contender)])));
    const figures: Figure[] = [];
    if (s1) figures.push(...this.againstFloors(turns), await this.latency(contenders, turns));
    if (s3) figures.push(this.hotAccount(turns), await this.twoEngines(many));
    if (s4) figures.push(...this.againstWallets(turns));
    await this.checkAll();
    return figures;
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }

  private async openAccounts(count: number): Promise<void> {
    await this.bench.load.run({
      ports: [this.engine.port], connections: this.bench.size.connections, conversation: { kind: 'open-accounts', from: 0, to: count }, warmUpMs: 0, measureMs: 600_000,
    });
    this.acknowledged.accounts += count;
  }

  private async floor(module: string, options: object): Promise<Contender> {
    const child = Child.start(module);
    this.children.push(child);
    const url = await this.server.createSchema(`floor_${this.children.length}`);
    const port = await child.call<number>('start', { url, ...options });
    return { ports: [port], pids: [child.pid], accounts: this.bench.size.accounts, isEngine: false };
  }

  private async wallets(sizes: BodySizes): Promise<Record<string, Contender>> {
    const contenders: Record<string, Contender> = {};
    for (const connections of [10, 64]) {
      const wallet = await this.floor('servers/wallet.js', { sizes, connections, accounts: this.bench.size.accounts });
      contenders[`wallet${connections}`] = wallet;
      contenders[`hotWallet${connections}`] = { ...wallet, accounts: 1 };
    }
    return contenders;
  }

  private async turn(contender: Contender, pace: { warmUpMs?: number; measureMs?: number; rate?: number; tolerant?: boolean } = {}): Promise<Turn> {
    const { load, size: { connections, measureMs } } = this.bench;
    const { ports, pids, accounts, firstAccount = 0 } = contender;
    const lag = contender.isEngine ? await LagWatch.start(this.server.url) : undefined;
    const [server, postgres] = [await cpuMicrosOf(pids), await this.cpu.micros()];
    const job = {
      ports, connections, warmUpMs: pace.warmUpMs ?? measureMs / 10, measureMs: pace.measureMs ?? measureMs, rate: pace.rate,
      conversation: { kind: 'hold-and-settle' as const, run: `r${(this.runs += 1)}`, accounts, firstAccount },
    };
    const result = await (pace.tolerant ? load.runAnyway(job) : load.run(job));
    const answers = Object.values(result.statuses).reduce((sum, count) => sum + count, 0);
    const turn = {
      ...result, lag: await lag?.stop() ?? 0,
      serverMicros: (await cpuMicrosOf(pids) - server) / answers, postgresMicros: (await this.cpu.micros() - postgres) / answers,
    };
    if (contender.isEngine) {
      this.acknowledged.holds += result.statuses['201'] ?? 0;
      this.acknowledged.settles += result.statuses['200'] ?? 0;
    }
    return turn;
  }

  private againstFloors(turns: Record<string, Turn[]>): Figure[] {
    return ([['a', 'fastify', 'bare Fastify', 0.45], ['b', 'nest', 'bare Nest + Fastify', 0.65]] as const).map(([letter, name, floor, target]) => ({
      id: `S1 (${letter})`, work: `hold + settle over HTTP, ${this.bench.size.accounts.toLocaleString('en')} accounts, against ${floor} appending rows of the same size`, unit: 'commands/s',
      ...comparison(turns.many!, turns[name]!), target: { is: 'at least', ratio: target },
      notes: { ...lagOf(turns.many!), 'CPU of a command': `${cpuOf(turns.many!)}; floor ${cpuOf(turns[name]!)}`, 'load generator': `${median(turns.many!.map(({ cpuMicros }) => cpuMicros)).toFixed(0)} µs` },
    }));
  }

  /** At half the load that the engine takes, the same number of requests for each. */
  private async latency(contenders: Record<string, Contender>, turns: Record<string, Turn[]>): Promise<Figure> {
    const rate = Math.round(median(turns.many!.map(({ perSecond }) => perSecond)) / 2);
    this.bench.say(`latency at ${rate.toLocaleString('en')} commands/s`);
    const { many, fastify, nest } = await inRounds(this.bench.size.rounds, {
      many: () => this.turn(contenders.many!, { rate }), fastify: () => this.turn(contenders.fastify!, { rate }), nest: () => this.turn(contenders.nest!, { rate }),
    });
    const p99 = (of: Turn[]): number[] => of.map(({ p99Ms }) => p99Ms);
    const p50 = (of: Turn[]): string => `${median(of.map(({ p50Ms }) => p50Ms)).toFixed(1)} ms`;
    return {
      id: 'S1 p99', work: `latency of 99 in 100 at half that load (${rate.toLocaleString('en')}/s), against bare Fastify at the same`, unit: 'ms',
      figure: median(p99(many)), floor: median(p99(fastify)), ratio: medianRatio(p99(many), p99(fastify)), target: { is: 'at most', ratio: 4 },
      notes: { ...lagOf(many), 'bare Nest': `${median(p99(nest)).toFixed(1)} ms`, 'half are within': `${p50(many)}; floors ${p50(fastify)}, ${p50(nest)}` },
    };
  }

  private hotAccount(turns: Record<string, Turn[]>): Figure {
    return {
      id: 'S3', work: 'S1 on one hot account, against S1', unit: 'commands/s', ...comparison(turns.hot!, turns.many!), target: { is: 'at least', ratio: 0.8 },
      notes: { ...lagOf(turns.hot!), 'CPU of a command': cpuOf(turns.hot!) },
    };
  }

  /** The second engine starts for each of its turns: idle beside the others it would take from them. */
  private async twoEngines(many: Contender): Promise<Figure> {
    this.bench.say('two engines on one hot account');
    const { accounts, rounds, warmUpMs } = this.bench.size;
    const refused: Record<string, number> = {};
    const results = await inRounds(rounds, {
      one: () => this.turn(many),
      two: async () => {
        const second = await Engine.start({ databaseUrl: this.server.url, dataDir: path.join(this.server.directory, 'second') });
        try {
          const both: Contender = { ...many, ports: [this.engine.port, second.port], pids: [this.engine.pid, second.pid], accounts: 1, firstAccount: accounts + 1 };
          const turn = await this.turn(both, { warmUpMs, tolerant: true });
          for (const [status, count] of Object.entries(turn.statuses)) if (!status.startsWith('2')) refused[status] = (refused[status] ?? 0) + count;
          return turn;
        } finally {
          await second.stop();
        }
      },
    });
    return {
      id: 'S3 two engines', work: 'S1 on one hot account by two engines, against S1', unit: 'commands/s', ...comparison(results.two, results.one), target: { is: 'at least', ratio: 0.4 },
      notes: { ...lagOf(results.two), 'CPU of a command': cpuOf(results.two), refused: Object.keys(refused).length === 0 ? 'none' : JSON.stringify(refused) },
    };
  }

  private againstWallets(turns: Record<string, Turn[]>): Figure[] {
    return ([['S4', 'many', 'wallet', `${this.bench.size.accounts.toLocaleString('en')} accounts`, 2], ['S4 hot', 'hot', 'hotWallet', 'one hot account', 6]] as const).map(([id, ours, theirs, what, target]) => {
      const speed = (connections: number): number => median(turns[`${theirs}${connections}`]!.map(({ perSecond }) => perSecond));
      const better = speed(10) >= speed(64) ? 10 : 64;
      return {
        id, work: `S1 on ${what}, against SELECT … FOR UPDATE, update, insert`, unit: 'commands/s',
        ...comparison(turns[ours]!, turns[`${theirs}${better}`]!), target: { is: 'at least', ratio: target },
        notes: { ...lagOf(turns[ours]!), wallet: `pool of 10: ${speed(10).toFixed(0)}/s, of 64: ${speed(64).toFixed(0)}/s` },
      };
    });
  }

  private async checkAll(): Promise<void> {
    this.bench.say('checking that nothing was lost');
    await caughtUp(this.server.url);
    await requireNothingLost(this.server.url, this.acknowledged satisfies Acknowledged);
    const { accounts } = this.bench.size;
    const some = Array.from({ length: 50 }, (_, number) => accountIdOf(Math.floor((number * accounts) / 50)));
    await requireBalances(this.engine, this.server.url, [...some, accountIdOf(accounts)]);
  }
}

const comparison = (ours: readonly Turn[], theirs: readonly Turn[]): Pick<Figure, 'figure' | 'floor' | 'ratio'> => {
  const [figures, floors] = [ours, theirs].map((turns) => turns.map(({ perSecond }) => perSecond)) as [number[], number[]];
  return { figure: median(figures), floor: median(floors), ratio: medianRatio(figures, floors) };
};

const lagOf = (turns: readonly Turn[]): Record<string, string> => ({ 'read models behind by at most': `${Math.max(...turns.map(({ lag }) => lag)).toLocaleString('en')} events` });

const cpuOf = (turns: readonly Turn[]): string =>
  `server ${median(turns.map(({ serverMicros }) => serverMicros)).toFixed(0)} µs, PostgreSQL ${median(turns.map(({ postgresMicros }) => postgresMicros)).toFixed(0)} µs`;

const run = async (bench: Bench): Promise<Figure[]> => {
  const server = await startServer();
  const engine = await Engine.start({ databaseUrl: server.url, dataDir: path.join(server.directory, 'engine'), flags: bench.engineFlags });
  const scenario = new OverHttp(bench, server, engine, await ServerCpu.of(server.url));
  try {
    return await scenario.measure();
  } finally {
    await scenario.stop();
    await engine.stop();
    await server.stop();
  }
};

export const overHttp: Scenario = { ids: ['S1', 'S3', 'S4'], run };
