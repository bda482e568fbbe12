import { setTimeout as delay } from 'node:timers/promises';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import type { RecordedEvent } from '../event-log.js';
import { anEvent, aStream, collect, events, numbered } from '../testing/events.js';
import { Connection } from './connection.js';
import { EventStoreLog } from './event-store-log.js';
import { ignored } from './faults.js';
import { readSettings } from './settings.js';
import { Subscription } from './subscription.js';

describe('a subscription', () => {
  let node: ServerDouble;
  let log: EventStoreLog;

  beforeEach(async () => {
    node = await ServerDouble.start();
    log = await EventStoreLog.open(node.url);
  });

  afterEach(async () => {
    await log.close();
    await node.stop();
  });

  /** The server hears of an end after we have told it. */
  const noneOpen = async (): Promise<void> => {
    while (node.subscriptions > 0) await delay(5);
  };

  it('leaves no call open at the server, in whatever way it ends', async () => {
    await log.append(aStream(), events(10), -1);
    for await (const _ of log.subscribe({ batchSize: 3, signal: new AbortController().signal })) break;
    await noneOpen();
    const stop = new AbortController();
    for await (const _ of log.subscribe({ signal: stop.signal })) stop.abort();
    await noneOpen();
    await expect((async () => { for await (const _ of log.subscribe({ signal: new AbortController().signal })) throw new Error('of the reader'); })()).rejects.toThrow('of the reader');
    await noneOpen();
  });

  it('leaves nothing on its connection, where it ends while more has arrived than its reader takes', async () => {
    const connection = await Connection.open(node.address, readSettings(node.url), false, ignored);
    await connection.appends.send(aStream(), -1, events(100));
    const subscription = new Subscription(connection, ['account-'], undefined, 10);
    await subscription.next(AbortSignal.timeout(10_000));
    await delay(100); // the rest arrives
    expect(connection.openReads).toBe(1);
    subscription.end();
    for (let tries = 0; connection.openReads > 0 && tries < 100; tries += 1) await delay(50);
    expect(connection.openReads).toBe(0);
    connection.lose(new Error('the end of the test'));
  });

  it('lets the server wait for a slow reader', async () => {
    for (let n = 0; n < 20; n += 1) await log.append(aStream(), numbered(90, () => anEvent('x'.repeat(10_000))), -1);
    let taken = 0;
    for await (const batch of log.subscribe({ batchSize: 50, signal: new AbortController().signal })) {
      taken += batch.length;
      if (taken === 50) {
        await delay(500);
        expect(node.eventsSent).toBeLessThan(900);
      }
      if (taken === 1_800) break;
    }
    expect(node.eventsSent).toBe(1_800 + 1); // the log's identity, asked for at the opening
  }, 20_000);

  it('that the server ends since its reader is slow, goes on behind what was given, without a gap', async () => {
    node.faults.liveBuffer = 40;
    const before = node.connections;
    const [stop, seen] = [new AbortController(), [] as RecordedEvent[]];
    const following = (async () => {
      for await (const batch of log.subscribe({ batchSize: 20, signal: stop.signal })) {
        seen.push(...batch);
        await delay(5);
      }
    })();
    for (let n = 0; n < 20; n += 1) await log.append(aStream(), numbered(90, () => anEvent('x'.repeat(10_000))), -1);
    while (seen.length < 1_800) await delay(20);
    stop.abort();
    await following;
    expect(node.subscribed).toBeGreaterThan(1);
    expect(node.connections).toBe(before);
    expect(seen).toEqual(await collect(log.readAll()));
  }, 20_000);

  it('that the server ends before it gave anything is opened once more; then whoever follows waits before the next', async () => {
    node.faults.liveBuffer = -1;
    const following = collect(log.subscribe({ signal: new AbortController().signal }));
    await expect(following).rejects.toMatchObject({ kind: 'unavailable', code: 'log_unavailable' });
    expect(node.subscribed).toBe(2);
  });

  it('gives what had arrived before its connection broke, then fails', async () => {
    const { position } = await log.append(aStream(), events(20), -1);
    const taken: string[] = [];
    const reading = (async () => {
      for await (const batch of log.subscribe({ batchSize: 5, signal: new AbortController().signal })) {
        if (taken.length === 0) {
          await delay(500); // the rest arrives
          node.dropConnections();
          await delay(50);
        }
        taken.push(...batch.map((event) => event.position));
      }
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable', code: 'log_unavailable' });
    expect(taken.at(-1)! <= position!).toBe(true);
    expect(taken.length).toBeGreaterThanOrEqual(10);
    expect(new Set(taken).size).toBe(taken.length);
  });
});
