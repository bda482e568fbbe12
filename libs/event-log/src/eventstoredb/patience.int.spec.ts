import { setTimeout as delay } from 'node:timers/promises';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { aStream, collect, events, numbered, take } from '../testing/events.js';
import { EventStoreLog } from './event-store-log.js';

const UNAVAILABLE = { kind: 'unavailable', code: 'log_unavailable' };
const PATIENCE_MS = 3_000;

const failsAfterMs = async (call: Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await expect(call).rejects.toMatchObject(UNAVAILABLE);
  return performance.now() - start;
};

describe('a server that answers', () => {
  let node: ServerDouble;
  let log: EventStoreLog;

  beforeEach(async () => { node = await ServerDouble.start({ writeTimeoutMs: 200 }); });

  afterEach(async () => {
    await log.close();
    await node.stop();
  });

  const open = async (): Promise<void> => { log = await EventStoreLog.open(node.url, { patienceMs: PATIENCE_MS }); };

  it.each(['not-ready', 'no-leader', 'busy'] as const)('and is %s, is waited for once; calls that come later fail at once, until it has worked again', async (refusal) => {
    await open();
    node.faults.refusal = refusal;
    const calls: (() => Promise<unknown>)[] = [() => log.append(aStream(), events(1), -1), () => log.append(aStream(), [], -1), () => log.head(aStream())];
    // Reads are served by a server that is busy with appends.
    if (refusal !== 'busy') calls.push(() => collect(log.readAll()), () => take(log, 1));
    expect(Math.min(...await Promise.all(calls.map((call) => failsAfterMs(call()))))).toBeGreaterThan(PATIENCE_MS / 2);
    for (const call of calls) expect(await failsAfterMs(call())).toBeLessThan(PATIENCE_MS / 2);
    node.faults.refusal = undefined;
    const stream = aStream();
    await log.append(stream, events(1), -1);
    node.faults.refusal = refusal;
    const waiting = log.append(stream, events(1), 0);
    await delay(PATIENCE_MS / 2);
    node.faults.refusal = undefined;
    expect(await waiting).toMatchObject({ revision: 1 });
  });

  it('and leads a cluster that does not follow it any more, is waited for once', async () => {
    node.members = () => [1, 2].map((n) => ({ ...node.address, isLeader: n === 1, isAlive: true }));
    await open();
    node.store.stopReplicating();
    expect(await failsAfterMs(log.head(aStream()))).toBeGreaterThan(PATIENCE_MS / 2);
    expect(await failsAfterMs(log.head(aStream()))).toBeLessThan(PATIENCE_MS / 2);
  });

  it('but never to one append, is waited for by others as if that were not there', async () => {
    await open();
    node.faults.appends.push(...numbered(1_000, () => 'time-out-before' as const));
    expect(await failsAfterMs(log.append(aStream(), events(1), -1))).toBeGreaterThan(PATIENCE_MS / 2);
    node.faults.appends.length = 0;
    node.faults.refusal = 'not-ready';
    const other = log.append(aStream(), events(1), -1);
    await delay(PATIENCE_MS / 2);
    node.faults.refusal = undefined;
    expect(await other).toMatchObject({ revision: 0 });
  });
});
