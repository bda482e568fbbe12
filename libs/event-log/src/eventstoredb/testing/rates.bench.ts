import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { DoubleProcess } from '../../../../../test/support/eventstoredb/double-process.js';
import { EventStoreLog } from '../event-store-log.js';

/**
 * How fast the adapter is beside the client library's own calls, with the same bytes to streams of the same number:
 *     node --import ./test/support/run-typescript.mjs libs/event-log/src/eventstoredb/testing/rates.bench.ts
 * on the server that EVENTSTOREDB_URL names, else on the double in a process of its own.
 */
const IN_FLIGHT = 256;
const EACH = 80;

const body = JSON.stringify({
  schemaVersion: 1, occurredAt: '2026-11-21T07:35:00.000Z', data: { text: 'x'.repeat(300), list: Array.from({ length: 12 }, (_, n) => ({ key: `k${n}`, amount: '0.0012345' })) },
});
const data = JSON.parse(body) as Record<string, unknown>;

const url = process.env.EVENTSTOREDB_URL;
const double = url ? undefined : await DoubleProcess.start();
const server = url ?? double?.url ?? '';
const run = randomUUID().slice(0, 8);
const log = await EventStoreLog.open(server, { prefixes: [`account-${run}`] });
const client = EventStoreDBClient.connectionString(server);

/** Work done a second, and processor time for each. */
const report = (what: string, count: number, sinceMs: number, cpu: NodeJS.CpuUsage): void => {
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${what.padEnd(24)}${Math.round((count / (performance.now() - sinceMs)) * 1_000)}/s, ${((user + system) / count).toFixed(0)} µs of processor each\n`);
};

const appends = async (what: string, append: (stream: string, expected: number) => Promise<unknown>): Promise<void> => {
  const [start, cpu, round] = [performance.now(), process.cpuUsage(), randomUUID().slice(0, 8)];
  await Promise.all(Array.from({ length: IN_FLIGHT }, async (_, n) => {
    for (let expected = -1; expected < EACH - 1; expected += 1) await append(`account-${run}-${round}-${n}`, expected);
  }));
  report(what, IN_FLIGHT * EACH, start, cpu);
};

const reads = async (what: string, read: () => AsyncIterable<number>): Promise<void> => {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  let count = 0;
  for await (const more of read()) count += more;
  report(what, count, start, cpu);
};

const guards = [{ stream: `catalog-${run}`, revision: -1 }];
for (let round = 0; round < 3; round += 1) {
  await appends('library: append', (stream, expected) => client.appendToStream(
    stream, jsonEvent({ id: randomUUID(), type: 'UsageSettled', data }), { expectedRevision: expected < 0 ? 'no_stream' : BigInt(expected) },
  ));
  await appends('append', (stream, expected) => log.append(stream, [{ id: randomUUID(), type: 'UsageSettled', body }], expected));
  await appends('append with a guard', (stream, expected) => log.append(stream, [{ id: randomUUID(), type: 'UsageSettled', body }], expected, { guards }));
  await appends('confirm', (stream) => log.append(stream, [], -1));
}
for (let round = 0; round < 2; round += 1) {
  await reads('library: readAll', async function* () { for await (const _ of client.readAll()) yield 1; });
  await reads('readAll', async function* () { for await (const batch of log.readAll()) yield batch.length; });
}
await log.close();
await client.dispose();
await double?.remove();
