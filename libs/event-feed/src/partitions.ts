import type { ClientBase } from 'pg';
import type { Position } from '#libs/event-log';
import { further, newestJson, type AppliedEvent } from './newest-event.js';

/** How far a consumer is in one partition of a topic. */
export interface PartitionPlace {
  readonly partition: number;
  /** Offset of the first message not applied. */
  readonly next: number;
  /** In the log, of the furthest event applied from this partition; empty before the first. */
  readonly position: Position;
  /** That event, where this process has applied it. */
  readonly newest?: AppliedEvent;
  /** How many messages were applied from it. */
  readonly events: number;
  /** Another one for the same offset: the rows have been replaced meanwhile. */
  readonly generation: number;
}

/** A topic of a certain cluster: offsets mean nothing in any other. */
export type TopicIdentity = string;

/** The checkpoints of consumers that are led through a topic, beside `CHECKPOINT_TABLE`. Without rows there a consumer goes on where its checkpoint says; `ahead` is how far in the log its rows may be beyond that. */
export const PARTITION_TABLE = `
  CREATE TABLE read.partition (
    consumer text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    topic text COLLATE "C" NOT NULL,
    next_offset bigint NOT NULL,
    position text COLLATE "C" NOT NULL DEFAULT '',
    events bigint NOT NULL DEFAULT 0,
    generation integer NOT NULL,
    PRIMARY KEY (consumer, partition)
  ) WITH (fillfactor = 10);
  ALTER TABLE read.checkpoint
    ADD COLUMN consumer_group uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN ahead text COLLATE "C" NOT NULL DEFAULT ''`;

/** Processes share partitions when they share the rows, and only then: so the name of their group is kept with the rows. */
export const consumerGroupOf = async (client: ClientBase, consumer: string): Promise<string> => {
  const { rows: [row] } = await client.query<{ id: string }>('SELECT consumer_group AS id FROM read.checkpoint WHERE consumer = $1', [consumer]);
  return `meterbook.${consumer}.${row?.id}`;
};

type Row = { partition: number; topic: TopicIdentity; next_offset: string; position: string; events: string; generation: number };
const COLUMNS = 'partition, topic, next_offset, position, events, generation';
const placeOf = ({ partition, next_offset: next, position, events, generation }: Row): PartitionPlace =>
  ({ partition, next: Number(next), position, events: Number(events), generation });
const placesIn = (rows: readonly Row[], topic: TopicIdentity): Map<number, PartitionPlace> =>
  new Map(rows.filter((row) => row.topic === topic).map((row) => [row.partition, placeOf(row)]));

/** Where a consumer is in this topic; nothing for what it has of any other. */
export const readPartitions = async (client: Pick<ClientBase, 'query'>, consumer: string, topic: TopicIdentity): Promise<Map<number, PartitionPlace>> => {
  const { rows } = await client.query<Row>(`SELECT ${COLUMNS} FROM read.partition WHERE consumer = $1`, [consumer]);
  return placesIn(rows, topic);
};

/** How far a consumer's rows are. */
export interface Progress {
  /** In the log, of the furthest event applied; empty before the first. Where a topic leads, not all before it needs to have come. */
  readonly position: Position;
  /** How many events it was brought; what came twice counts twice. */
  readonly events: number;
}

export const readProgress = async (client: Pick<ClientBase, 'query'>, consumer: string): Promise<Progress> => {
  const { rows: [row] } = await client.query<{ position: string; events: string }>(
    `SELECT coalesce(greatest(max(place.position), max(ahead)), '') AS position, coalesce(sum(events), 0) AS events FROM (
        SELECT position, ahead, events FROM read.checkpoint WHERE consumer = $1
        UNION ALL SELECT position, '', events FROM read.partition WHERE consumer = $1) AS place`, [consumer],
  );
  return { position: row?.position ?? '', events: Number(row?.events) };
};

/** Holds off all who apply from these partitions until the transaction ends. In one order, so that nobody waits in a circle. */
export const lockPartitions = async (tx: ClientBase, consumer: string, topic: TopicIdentity, partitions: readonly number[]): Promise<Map<number, PartitionPlace>> => {
  const { rows } = await tx.query<Row>({
    name: 'lock partitions', text: `SELECT ${COLUMNS} FROM read.partition WHERE consumer = $1 AND partition = ANY($2) ORDER BY partition FOR UPDATE`, values: [consumer, partitions],
  });
  return placesIn(rows, topic);
};

export const savePartitions = async (tx: ClientBase, consumer: string, places: readonly PartitionPlace[]): Promise<void> => {
  await tx.query({
    name: 'save partitions',
    text: `UPDATE read.partition SET next_offset = moved.next, position = moved.position, events = moved.events, newest_event = coalesce(moved.newest::jsonb, newest_event)
      FROM unnest($2::integer[], $3::bigint[], $4::text[], $5::bigint[], $6::text[]) AS moved (partition, next, position, events, newest)
      WHERE partition.consumer = $1 AND partition.partition = moved.partition`,
    values: [
      consumer, places.map(({ partition }) => partition), places.map(({ next }) => next), places.map(({ position }) => position), places.map(({ events }) => events),
      places.map(({ newest }) => newest && newestJson(newest)),
    ],
  });
};

export const insertPartitions = async (tx: ClientBase, consumer: string, topic: TopicIdentity, places: readonly PartitionPlace[]): Promise<void> => {
  await tx.query(
    `INSERT INTO read.partition (consumer, topic, partition, next_offset, generation)
      SELECT $1, $2, begun.partition, begun.next, begun.generation FROM unnest($3::integer[], $4::bigint[], $5::integer[]) AS begun (partition, next, generation)`,
    [consumer, topic, places.map(({ partition }) => partition), places.map(({ next }) => next), places.map(({ generation }) => generation)],
  );
};

/** Ends all that is led through a topic: waits for the batches under way, and whoever comes next finds its place gone and begins again from the log. */
export const dropPartitions = async (tx: ClientBase, consumer: string): Promise<void> => {
  await tx.query('SELECT FROM read.partition WHERE consumer = $1 ORDER BY partition FOR UPDATE', [consumer]);
  await tx.query(
    `WITH dropped AS (DELETE FROM read.partition WHERE consumer = $1 RETURNING position, newest_event),
      furthest AS (SELECT newest_event AS event FROM dropped WHERE newest_event IS NOT NULL ORDER BY position DESC LIMIT 1)
      UPDATE read.checkpoint SET ahead = greatest(ahead, (SELECT max(position) FROM dropped)), newest_event = ${further('(SELECT event FROM furthest)')}
      WHERE consumer = $1`, [consumer],
  );
};

/** Whether a consumer's rows have what lies before its checkpoint's position and nothing more. Where a topic led it, there is no such position until the log has been read past all that came. */
export const isAtItsPosition = async (client: Pick<ClientBase, 'query'>, consumer: string): Promise<boolean> => {
  const { rows: [row] } = await client.query<{ exact: boolean }>(
    'SELECT ahead <= position AND NOT EXISTS (SELECT FROM read.partition WHERE consumer = $1) AS exact FROM read.checkpoint WHERE consumer = $1', [consumer],
  );
  return row?.exact ?? false;
};

/** The rows were replaced by such as have what lies before the checkpoint's position, `newest` as the last of it, and nothing more. */
export const settleAtPosition = async (tx: ClientBase, consumer: string, newest: AppliedEvent | undefined): Promise<void> => {
  await tx.query("UPDATE read.checkpoint SET ahead = '', newest_event = $2 WHERE consumer = $1", [consumer, newest && newestJson(newest)]);
};
