import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { aStream, collect, numbered } from '../testing/events.js';
import { EventStoreLog } from './event-store-log.js';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Lets a process write until something is acknowledged to it, then kills it without warning. */
const writeAndKill = async (url: string, streams: readonly string[]): Promise<string[]> => {
  const child = spawn(process.execPath, [
    '--import', file('../../../../test/support/run-typescript.mjs'), file('testing/writing-process.ts'), url, ...streams,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => { said += String(chunk); });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(200 + Math.random() * 300);
  child.kill('SIGKILL');
  await closed;
  return said.slice(0, said.lastIndexOf('\n') + 1).trimEnd().split('\n');
};

it('processes that fight for the same streams until they are killed have lost nothing acknowledged, and left no half of an append', async () => {
  const node = await ServerDouble.start();
  const streams = numbered(8, () => aStream());
  const acknowledged: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const [one, two] = await Promise.all([writeAndKill(node.url, streams), writeAndKill(node.url, streams)]);
    acknowledged.push(...one, ...two);
  }
  const log = await EventStoreLog.open(node.url);
  const all = await collect(log.readAll());
  expect(acknowledged.length).toBeGreaterThan(50);
  const stored = all.map(({ stream, revision, id }) => `${stream} ${revision} ${id}`);
  const known = new Set(stored);
  expect(acknowledged.filter((line) => !known.has(line))).toEqual([]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  for (const stream of streams) {
    const revisions = all.filter((event) => event.stream === stream).map(({ revision }) => revision);
    expect(revisions).toEqual(numbered(revisions.length, (n) => n));
    expect(revisions.length % 2).toBe(0);
  }
  await log.close();
  await node.stop();
}, 60_000);
