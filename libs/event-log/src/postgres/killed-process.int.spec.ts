import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freshDatabase } from '../../../../test/support/postgres.js';
import { collect, numbered } from '../testing/events.js';
import { PostgresEventLog } from './postgres-event-log.js';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Lets a process write until it has acknowledged something, then kills it without warning. */
const writeAndKill = async (url: string): Promise<string[]> => {
  const child = spawn(process.execPath, [
    '--import', file('../../../../test/support/run-typescript.mjs'), file('../testing/writing-process.ts'), url,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(50 + Math.random() * 200);
  child.kill('SIGKILL');
  await closed;
  return said.join('').split('\n').slice(0, -1); // a line without its end was cut off
};

it('a process killed while it writes has lost nothing that it acknowledged, and left no half of an append', async () => {
  const database = await freshDatabase();
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const [one, two] = await Promise.all([writeAndKill(database.url), writeAndKill(database.url)]);
    acknowledged.push(...one, ...two);
  }
  const log = await PostgresEventLog.open(database.url);
  const all = await collect(log.readAll());
  expect(acknowledged.length).toBeGreaterThan(500);
  const stored = new Set(all.map(({ stream, revision, id }) => `${stream} ${revision} ${id}`));
  expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
  expect(all.map(({ position }) => Number(position))).toEqual(numbered(all.length, (n) => n + 1));
  for (const stream of new Set(all.map((event) => event.stream))) expect((await log.head(stream)) % 2).toBe(1);
  await log.close();
  await database.drop();
}, 60_000);
