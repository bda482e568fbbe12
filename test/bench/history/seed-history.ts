import { Client } from 'pg';
import type { StreamMemory } from '#libs/event-log';
import { BinaryArrays } from '../../../libs/event-log/src/postgres/binary-arrays.js';
import { history, type HistoryEvent, type HistoryOptions } from './history.js';

const BATCH = 2_000;

const INSERT = `
  INSERT INTO log.events (position, stream, revision, id, type, body)
  SELECT $1::bigint + at, stream, revision, id, type, body
  FROM unnest($2::text[], $3::bigint[], $4::text[]::uuid[], $5::text[], $6::text[]) WITH ORDINALITY AS e (stream, revision, id, type, body, at)`;

/**
 * Writes a long history straight into an event log that no engine is using, after what it has. The next batch is decided
 * while the database takes the last one.
 * @returns how many events were written
 */
export const seedHistory = async (url: string, options: HistoryOptions, memory?: StreamMemory, onProgress: (events: number) => void = () => undefined): Promise<number> => {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ position: string }>('SELECT coalesce(max(position), 0) AS position FROM log.events');
    const first = Number(rows[0]!.position);
    const buffers = [new BinaryArrays(), new BinaryArrays()];
    let written = 0;
    let under: Promise<unknown> = Promise.resolve();
    for await (const batch of history(options, BATCH, memory)) {
      await under;
      under = insert(client, first + written, batch, buffers[0]!);
      buffers.reverse();
      written += batch.length;
      onProgress(written);
    }
    await under;
    await client.query('ANALYZE log.events');
    await client.query('CHECKPOINT').catch(() => undefined); // not allowed to everyone; then it comes by itself
    return written;
  } finally {
    await client.end();
  }
};

const insert = (client: Client, after: number, events: readonly HistoryEvent[], arrays: BinaryArrays): Promise<unknown> => {
  arrays.rewind();
  return client.query({
    name: 'seed', text: INSERT, values: [
      after, arrays.texts(events.map(({ stream }) => stream)), arrays.int8s(events.map(({ revision }) => revision)),
      arrays.texts(events.map(({ id }) => id)), arrays.texts(events.map(({ type }) => type)), arrays.texts(events.map(({ body }) => body)),
    ],
  });
};
