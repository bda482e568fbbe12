import { jest } from '@jest/globals';
import { Client } from 'pg';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { copyInto, copyLine, timestamp } from './copy.js';

jest.setTimeout(60_000);

describe('copyInto', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await freshDatabase();
    client = new Client(database.url);
    await client.connect();
    await client.query('CREATE TABLE words (place integer, word text, note json)');
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  beforeEach(() => client.query('TRUNCATE words'));

  const stored = async () => (await client.query<{ word: string | null; note: unknown }>('SELECT word, note FROM words ORDER BY place')).rows;

  it('stores text as it is, whatever is in it', async () => {
    const words = ['', 'a\tb', 'a\nb', 'a\r\nb', 'a\\b', '\\N', '\\.', '\\x41', '"', 'ünïcödé 🎉', null];
    await copyInto(client, 'words', 'place, word', words.map((word, place) => copyLine([place, word])));
    expect((await stored()).map(({ word }) => word)).toEqual(words);
  });

  it('stores what JSON can hold and PostgreSQL cannot, as near as can be', async () => {
    const note = { zero: 'a\0b', half: '\ud800', quote: '"\\' };
    await copyInto(client, 'words', 'place, word, note', [copyLine([0, 'a\0b', JSON.stringify(note)])]);
    expect(await stored()).toEqual([{ word: 'a\uFFFDb', note }]);
  });

  it('stores more rows than fit into one message', async () => {
    await copyInto(client, 'words', 'place, word', Array.from({ length: 5_000 }, (_, place) => copyLine([place, 'x'.repeat(300)])));
    expect(await stored()).toHaveLength(5_000);
  });

  it('rejects with the database\'s error, and leaves the connection usable', async () => {
    await expect(copyInto(client, 'words', 'place, word', [copyLine(['no number', 'x'])])).rejects.toMatchObject({ code: '22P02' });
    expect(await stored()).toEqual([]);
  });

  it.each(['0000-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'])('keeps the instant %s', async (instant) => {
    const { rows: [row] } = await client.query<{ at: Date }>('SELECT $1::timestamptz AS at', [timestamp(instant)]);
    expect(row?.at.toISOString()).toBe(instant);
  });
});
