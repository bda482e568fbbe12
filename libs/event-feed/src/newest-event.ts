import type { ClientBase } from 'pg';
import type { EventLog, RecordedEvent } from '#libs/event-log';

/** An event by where it stands and what it is: a log that was restored and has grown since has another one in its place. */
export type AppliedEvent = Pick<RecordedEvent, 'position' | 'stream' | 'revision' | 'id'>;

/** Beside `CHECKPOINT_TABLE` and `PARTITION_TABLE`: the event furthest in the log of those that were applied. */
export const NEWEST_EVENT = `
  ALTER TABLE read.checkpoint ADD COLUMN newest_event jsonb;
  ALTER TABLE read.partition ADD COLUMN newest_event jsonb`;

/** As it is kept. */
export const newestJson = ({ position, stream, revision, id }: AppliedEvent): string => JSON.stringify({ position, stream, revision, id });

/** SQL: the one further in the log of a row's own event and another, which may be null. */
export const further = (other: string): string =>
  `CASE WHEN (${other}->>'position') COLLATE "C" > coalesce(newest_event->>'position', '') THEN ${other} ELSE newest_event END`;

/** Of all that was applied for a consumer, whichever way it came; undefined before the first. */
export const readNewestEvent = async (client: Pick<ClientBase, 'query'>, consumer: string): Promise<AppliedEvent | undefined> => {
  const { rows: [row] } = await client.query<{ newest_event: AppliedEvent }>(
    `SELECT newest_event FROM (
        SELECT newest_event FROM read.checkpoint WHERE consumer = $1
        UNION ALL SELECT newest_event FROM read.partition WHERE consumer = $1) AS place
      WHERE newest_event IS NOT NULL ORDER BY newest_event->>'position' COLLATE "C" DESC LIMIT 1`, [consumer],
  );
  return row?.newest_event;
};

/** What a log has instead of an event that was applied, as a part of a sentence; undefined where it has that very event. */
export const insteadOf = async ({ stream, revision, id }: AppliedEvent, log: Pick<EventLog, 'read'>): Promise<string | undefined> => {
  let found: string | undefined;
  for await (const [event] of log.read(stream, { from: revision, limit: 1 })) found ??= event?.id;
  if (found === id) return undefined;
  return `has ${found === undefined ? 'no event' : `event ${found} and not ${id}`} at revision ${revision} of ${stream}`;
};
