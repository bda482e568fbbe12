import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { eventIdOf, hashOf, seal, type EventDefinition } from '#libs/kernel';
import { aStream, anEvent, collect, events, numbered, take } from '../testing/events.js';
import { EventStoreLog } from './event-store-log.js';

describe('what is stored', () => {
  let node: ServerDouble;
  let log: EventStoreLog;
  let client: EventStoreDBClient;

  beforeAll(async () => {
    node = await ServerDouble.start();
    log = await EventStoreLog.open(node.url);
    client = EventStoreDBClient.connectionString(node.url);
  });

  afterAll(async () => {
    await log.close();
    await client.dispose();
    await node.stop();
  });

  it('are the bytes that were written, so that a chain of hashes over them holds; others read them as JSON', async () => {
    const definition = { type: 'Tested', version: 1 } as EventDefinition;
    const stream = aStream();
    const facts = ['plain', 'ä€日本𝄞👍\\"\'{},NULL\u0001\u2028', '\u0000 \ud800 \udfff', 'x'.repeat(100_000)].map((text) => (
      { type: 'Tested', data: { text, z: 1, 10: 'ten', 2: 'two', a: [null, 0.1, 1e21, { b: 2, a: 1 }] }, recordedAt: '2026-11-21T07:35:00.000Z' }
    ));
    const cause = { actor: 'operator:test', correlationId: 'c', causationId: 'c' };
    const sealed = seal(stream, { revision: -1, hash: null }, facts, cause, new Map([['Tested', definition]]));
    await log.append(stream, sealed.events, -1);

    let previous: string | null = null;
    for (const { id, revision, type, body } of await collect(log.read(stream))) {
      expect((JSON.parse(body) as { previousHash: string | null }).previousHash).toBe(previous);
      previous = hashOf(stream, revision, type, body);
      expect(id).toBe(eventIdOf(previous));
    }
    expect(previous).toBe(sealed.hash);
    expect((await take(log, facts.length)).map(({ body }) => body)).toEqual(sealed.events.map(({ body }) => body));

    const seenByOthers: unknown[] = [];
    for await (const { event } of client.readStream(stream)) seenByOthers.push([event?.isJson, event?.type, event?.data]);
    expect(seenByOthers).toEqual(sealed.events.map(({ body }) => [true, 'Tested', JSON.parse(body)]));
  });

  it('does not show what is none of ours', async () => {
    const after = await log.end();
    const expected = [await log.append(aStream(), events(1), -1), await log.append(aStream('catalog'), events(1), -1)];
    await client.appendToStream('orders-17', jsonEvent({ type: 'Ordered', data: {} }));
    await client.appendToStream('accounting', jsonEvent({ type: 'Counted', data: {} }));
    await client.appendToStream('gone', jsonEvent({ type: 'Gone', data: {} }));
    await client.deleteStream('gone'); // which the server writes down in a stream of its own
    const positions = expected.map(({ position }) => position);
    expect((await collect(log.readAll({ after }))).map(({ position }) => position)).toEqual(positions);
    expect((await take(log, 2, { after })).map(({ position }) => position)).toEqual(positions);
    expect(await log.end()).toBe(positions[1]);
  });

  it('never is an append too large for a server: it is refused before it is sent', async () => {
    const [stream, most] = [aStream(), log.maxAppendBytes - 2 * 'Tested'.length];
    await expect(log.append(stream, [anEvent('x'.repeat(most + 1))], -1)).rejects.toMatchObject({ kind: 'too_large', code: 'append_too_large', facts: { most: log.maxAppendBytes } });
    await expect(log.append(stream, numbered(11, () => anEvent('x'.repeat(100_000))), -1)).rejects.toMatchObject({ code: 'append_too_large' });
    await log.append(stream, [anEvent('x'.repeat(most))], -1);
  });

  it.each([
    ['an id that is no UUID', { ...anEvent(), id: 'event-1' }],
    ['an event without a type', { ...anEvent(), type: '' }],
  ])('does not include %s, which fails alone and every time', async (_, bad) => {
    const [stream, good] = [aStream(), numbered(20, () => aStream())];
    const outcomes = await Promise.allSettled([...good.map((fine) => log.append(fine, events(2), -1)), log.append(stream, [anEvent(), bad], -1)]);
    expect(outcomes.map(({ status }) => status)).toEqual([...good.map(() => 'fulfilled'), 'rejected']);
    await expect(log.append(stream, [bad], -1)).rejects.not.toMatchObject({ code: 'log_unavailable' });
  });

  it('says so loudly when somebody has deleted a stream', async () => {
    const [buried, hidden] = [aStream(), aStream()];
    await Promise.all([buried, hidden].map((stream) => log.append(stream, events(2), -1)));
    await client.tombstoneStream(buried);
    await client.deleteStream(hidden);
    for (const call of [log.append(buried, events(1), 1), log.append(buried, [], 1), log.head(buried), collect(log.read(buried))]) await expect(call).rejects.toThrow(/deleted/);
    await Promise.all([log.append(hidden, [], -1), log.append(hidden, events(1), 0)].map(async (call) => {
      await expect(call).rejects.toThrow(/goes up to revision 1 and shows nothing behind (-1|0): it was truncated or deleted/);
    }));
    await expect(log.append(hidden, events(1), -1)).rejects.toThrow('went on at another revision than -1: it was deleted');
  });

  it('is never read with a gap, where somebody has truncated a stream or limited what it keeps', async () => {
    const stream = aStream();
    await log.append(stream, events(3), -1);
    await client.deleteStream(stream);
    await client.appendToStream(stream, jsonEvent({ type: 'Tested', data: {} })); // all before is truncated
    await expect(collect(log.read(stream))).rejects.toThrow(`${stream} has no event at revision 0 but one at 3: it was truncated or deleted`);
    expect(await collect(log.read(stream, { from: 3 }))).toHaveLength(1);
  });

  it('is read in pages that do not grow with the size of the events', async () => {
    const after = await log.end();
    for (let n = 0; n < 9; n += 1) await Promise.all(numbered(50, () => log.append(aStream(), [anEvent('y'.repeat(40_000))], -1)));
    const pages: number[] = [];
    for await (const page of log.readAll({ after })) pages.push(page.length);
    expect(pages.reduce((sum, length) => sum + length, 0)).toBe(450);
    expect(Math.max(...pages.slice(1))).toBeLessThanOrEqual(105);
  });
});

describe('opening', () => {
  it('gives a log its id once, however many processes do it at the same time', async () => {
    const node = await ServerDouble.start();
    const logs = await Promise.all(numbered(8, () => EventStoreLog.open(node.url)));
    expect(new Set(logs.map(({ id }) => id)).size).toBe(1);
    await Promise.all(logs.map((log) => log.close()));
    const again = await EventStoreLog.open(node.url);
    expect(again.id).toBe(logs[0]?.id);
    expect(await collect(again.readAll())).toEqual([]);
    await again.close();
    await node.stop();
  });

  it('tells which ids the log has had: a restored one gets another by another event', async () => {
    const node = await ServerDouble.start();
    const first = await EventStoreLog.open(node.url);
    expect(first.lineage).toEqual([first.id]);
    const client = EventStoreDBClient.connectionString(node.url);
    await client.appendToStream('meterbook-identity', jsonEvent({ type: 'LogIdentified', data: {} }));
    const restored = await EventStoreLog.open(node.url);
    expect(restored.id).not.toBe(first.id);
    expect(restored.lineage).toEqual([restored.id, first.id]);
    await Promise.all([first.close(), restored.close(), client.dispose()]);
    await node.stop();
  });

  it('fails where the identity of the log was deleted, and gives it no other one', async () => {
    const node = await ServerDouble.start();
    await (await EventStoreLog.open(node.url)).close();
    const client = EventStoreDBClient.connectionString(node.url);
    await client.deleteStream('meterbook-identity');
    const opened = (): Promise<unknown> => EventStoreLog.open(node.url).then((log) => log.close());
    await expect(opened()).rejects.toThrow('meterbook-identity goes up to revision 0 and shows nothing behind -1: it was truncated or deleted');
    await expect(opened()).rejects.toThrow('truncated or deleted'); // nor has the attempt made it one
    await client.dispose();
    await node.stop();
  });

  it('gives up where nobody listens', async () => {
    await expect(EventStoreLog.open('esdb://127.0.0.1:1?tls=false', { patienceMs: 300 })).rejects.toMatchObject({ kind: 'unavailable', code: 'log_unavailable' });
  });
});
