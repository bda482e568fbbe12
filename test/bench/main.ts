import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isMet, type Bench, type Figure, type Scenario } from './bench.js';
import { LoadGenerator } from './load/load.js';
import { markdown, textTable, thisMachine, type KeptFigure } from './report.js';
import { balance } from './scenarios/balance.js';
import { growth } from './scenarios/growth.js';
import { overHttp } from './scenarios/over-http.js';
import { projecting } from './scenarios/projecting.js';
import { rebuild } from './scenarios/rebuild.js';
import { replay } from './scenarios/replay.js';
import { restart } from './scenarios/restart.js';
import { withoutHttp } from './scenarios/without-http.js';
import { SIZES } from './sizes.js';
import { startServer } from './support/database.js';

const SCENARIOS: readonly Scenario[] = [overHttp, withoutHttp, projecting, replay, balance, growth, restart, rebuild];
/** S1, S2, … S10, and what has a name after them. */
const inOrder = (a: string, b: string): number => numberIn(a) - numberIn(b);
const numberIn = (id: string): number => Number(/^S(\d+)/.exec(id)?.[1] ?? Number.MAX_SAFE_INTEGER);
const IDS = [...new Set(SCENARIOS.flatMap(({ ids }) => ids))].sort(inOrder);
const RESULTS = path.resolve('docs/benchmarks');

const HELP = `npm run bench [-- options]: every figure of ${IDS.join(', ')} beside its floor, in one run

  --full           full size; writes docs/benchmarks/results.md and results.json (takes about an hour; with --only the others are left as they are)
  --smoke          does everything run, and is every result right? A minute or two; no target counts
  --only S1,S2     these alone
  --profile DIR    CPU profiles of the engine's processes into DIR
`;

const { values: { full, smoke, only, profile, help } } = parseArgs({
  options: {
    full: { type: 'boolean', default: false }, smoke: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    only: { type: 'string' }, profile: { type: 'string' },
  },
});

const wantedIds = (): Set<string> => {
  const wanted = new Set(only?.split(',') ?? IDS);
  const unknown = [...wanted].filter((id) => !IDS.includes(id));
  if (unknown.length > 0) throw new Error(`no such figure: ${unknown.join(', ')}; there are ${IDS.join(', ')}`);
  return wanted;
};

const requireSound = (figures: readonly Figure[]): void => {
  for (const { id, figure, floor, ratio } of figures) {
    if (![figure, floor, ratio].every((value) => Number.isFinite(value) && value > 0)) throw new Error(`${id} is no figure: ${figure}, ${floor}, ${ratio}`);
  }
};

const bench = async (): Promise<void> => {
  const wanted = wantedIds();
  const size = SIZES[full ? 'full' : smoke ? 'smoke' : 'small'];
  const load = new LoadGenerator();
  const settings: Bench = {
    size, load, wanted, engineFlags: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`],
    say: (what) => { process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`); },
  };
  const figures: Figure[] = [];
  try {
    for (const scenario of SCENARIOS) {
      if (scenario.ids.some((id) => wanted.has(id))) figures.push(...await scenario.run(settings));
    }
  } finally {
    await load.stop();
    // Also what was measured before a scenario failed: a full run takes long.
    process.stdout.write(`\n${textTable(figures)}`);
  }
  requireSound(figures);
  if (full) await keep(figures);
};

/** What was measured replaces what was kept of the same id; the rest stays, as it takes long to come by. */
const keep = async (figures: readonly Figure[]): Promise<void> => {
  const server = await startServer();
  await server.stop();
  const file = path.join(RESULTS, 'results.json');
  const earlier = await readFile(file, 'utf8').then((text) => (JSON.parse(text) as { figures: KeptFigure[] }).figures, () => []);
  const taken = { on: new Date().toISOString().slice(0, 10), machine: thisMachine(server.version) };
  const kept = [...earlier.filter(({ id }) => !figures.some((figure) => figure.id === id)), ...figures.map((figure) => ({ ...figure, met: isMet(figure), ...taken }))]
    .toSorted((a, b) => inOrder(a.id, b.id));
  await mkdir(RESULTS, { recursive: true });
  await writeFile(file, `${JSON.stringify({ figures: kept }, undefined, 2)}\n`);
  await writeFile(path.join(RESULTS, 'results.md'), markdown(kept));
};

if (help) process.stdout.write(HELP);
else await bench();
