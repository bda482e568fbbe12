import type { Bench, Figure, Scenario } from '../bench.js';
import { bodySizesOf } from '../support/body-sizes.js';
import { Child } from '../support/child.js';
import { startServer, withClient } from '../support/database.js';
import { inRounds, median, medianRatio } from '../support/rounds.js';

const rowsOf = (url: string): Promise<number> => withClient(url, async (client) => {
  const { rows } = await client.query<{ rows: string }>('SELECT (SELECT count(*) FROM log.events) + (SELECT count(*) FROM log.ids) + (SELECT count(*) FROM log.snapshots) AS rows');
  return Number(rows[0]!.rows);
});

/** S2: what the command side does by itself, against the database's plain speed. */
const run = async ({ size, engineFlags, say }: Bench): Promise<Figure[]> => {
  const { callers, accounts, rounds, warmUpMs, measureMs } = size;
  const server = await startServer();
  say('S2: opening accounts');
  const engine = Child.start('workers/callers.js', engineFlags);
  const floor = Child.start('workers/inserts.js');
  try {
    await engine.call('start', { url: server.url, accounts, callers });
    await engine.call('run', { callers, warmUpMs: 0, measureMs: warmUpMs });
    await floor.call('start', { url: await server.createSchema('floor'), sizes: await bodySizesOf(server.url) });
    await floor.call('run', { batch: callers, accounts, warmUpMs: 0, measureMs: warmUpMs });
    say('S2: callers against inserts');
    const before = await rowsOf(server.url);
    let commands = 0;
    const pause = { warmUpMs: measureMs / 10, measureMs };
    const { engine: figures, floor: floors } = await inRounds(rounds, {
      engine: async () => {
        const { done, perSecond } = await engine.call<{ done: number; perSecond: number }>('run', { callers, ...pause });
        commands += done;
        return perSecond;
      },
      floor: () => floor.call<number>('run', { batch: callers, accounts, ...pause }),
    });
    // What the engine writes for a command, ids and snapshots included, the floor has to write too.
    const rowsPerCommand = (await rowsOf(server.url) - before) / commands;
    const floorCommands = floors.map((rows) => rows / rowsPerCommand);
    return [{
      id: 'S2', work: `hold + settle without HTTP, ${callers} in flight, against multi-row inserts of ${callers} on one connection`, unit: 'commands/s',
      figure: median(figures), floor: median(floorCommands), ratio: medianRatio(figures, floorCommands), target: { is: 'at least', ratio: 0.4 },
      notes: { 'rows per command': rowsPerCommand.toFixed(3) },
    }];
  } finally {
    await Promise.all([engine.stop(), floor.stop()]);
    await server.stop();
  }
};

export const withoutHttp: Scenario = { ids: ['S2'], run };
