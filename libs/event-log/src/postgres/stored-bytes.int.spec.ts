import { Client } from 'pg';
import { eventIdOf, hashOf, seal, type EventDefinition } from '#libs/kernel';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { aStream, anEvent, collect, events, numbered } from '../testing/events.js';
import { PostgresEventLog } from './postgres-event-log.js';

describe('what is stored', () => {
  let database: TestDatabase;
  let log: PostgresEventLog;
  let admin: Client;

  beforeAll(async () => {
    database = await freshDatabase();
    log = await PostgresEventLog.open(database.url);
    admin = new Client(database.url);
    await admin.connect();
  });

  afterAll(async () => {
    await log.close();
    await admin.end();
    await database.drop();
  });

  it('are the bytes that were written, so that a chain of hashes over them holds', async () => {
    const definition = { type: 'Tested', version: 1 } as EventDefinition;
    const stream = aStream();
    const facts = ['plain', 'ä€日本𝄞👍\\"\'{},NULL\u0001\u2028', '\u0000 \ud800 \udfff', 'x'.repeat(100_000)].map((text) => (
      { type: 'Tested', data: { text, z: 1, a: [null, 0.1, { b: 2, a: 1 }] }, recordedAt: '2026-11-21T07:35:00.000Z' }
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
    const { rows } = await admin.query<{ bytes: Buffer }>("SELECT convert_to(body, 'UTF8') AS bytes FROM log.events WHERE stream = $1 ORDER BY revision", [stream]);
    expect(rows.map(({ bytes }) => bytes.equals(Buffer.from(sealed.events.shift()?.body ?? '')))).toEqual(facts.map(() => true));
  });

  it.each([
    ['a body with a NUL', aStream(), anEvent('{"text":"\u0000"}')],
    ['an id that is no UUID', aStream(), { ...anEvent(), id: 'event-1' }],
    ['a stream name longer than an index takes', numbered(2_000, () => aStream()).join(), anEvent()],
  ])('does not include %s, which fails alone and every time', async (_, stream, bad) => {
    const good = numbered(40, () => aStream());
    const outcomes = await Promise.allSettled([
      ...good.slice(0, 20).map((fine) => log.append(fine, events(2), -1)), log.append(stream, [anEvent(), bad], -1), ...good.slice(20).map((fine) => log.append(fine, events(2), -1)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(numbered(41, (n) => (n === 20 ? 'rejected' : 'fulfilled')));
    await expect(log.append(stream, [bad], -1)).rejects.not.toMatchObject({ code: 'log_unavailable' });
    expect(await Promise.all(good.map((fine) => log.head(fine)))).toEqual(good.map(() => 1));
  });

  it('is read in pages that do not grow with the size of the events', async () => {
    const after = await log.end();
    for (let n = 0; n < 3; n += 1) await Promise.all(numbered(60, () => log.append(aStream(), [anEvent('y'.repeat(200_000))], -1)));
    const pages: number[] = [];
    for await (const page of log.readAll({ after })) pages.push(page.length);
    expect(pages.reduce((sum, length) => sum + length, 0)).toBe(180);
    expect(Math.max(...pages.slice(1))).toBeLessThanOrEqual(21);
  });
});

describe('opening', () => {
  it('makes the tables once, however many processes open the log at the same time', async () => {
    const database = await freshDatabase();
    const logs = await Promise.all(numbered(8, () => PostgresEventLog.open(database.url)));
    expect(new Set(logs.map(({ id }) => id)).size).toBe(1);
    await Promise.all(logs.map((log) => log.close()));
    await database.drop();
  });

  it('refuses a database whose encoding cannot hold every text', async () => {
    const database = await freshDatabase();
    const admin = new Client(database.url);
    await admin.connect();
    await admin.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    await expect(PostgresEventLog.open(database.url.replace(/[^/]+$/, 'latin'))).rejects.toThrow('UTF8');
    await admin.query('DROP DATABASE latin');
    await admin.end();
    await database.drop();
  });

  it('refuses tables of a newer version, and leaves them alone', async () => {
    const database = await freshDatabase();
    await (await PostgresEventLog.open(database.url)).close();
    const admin = new Client(database.url);
    await admin.connect();
    await admin.query('UPDATE log.identity SET steps = 99');
    await expect(PostgresEventLog.open(database.url)).rejects.toMatchObject({ kind: 'conflict', code: 'log_unusable', message: expect.stringContaining('newer version') });
    expect((await admin.query('SELECT steps FROM log.identity')).rows).toEqual([{ steps: 99 }]);
    await admin.end();
    await database.drop();
  });
});
