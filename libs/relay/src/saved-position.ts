import type { Client, ClientBase } from 'pg';
import { inTransaction, type Topic } from '#libs/event-feed';
import type { EventLog, Position } from '#libs/event-log';
import { refuseLogThatEndsBefore } from './lost-events.js';
import { ForeignTopic, TopicRepartitioned } from './refusals.js';

/**
 * One row for each topic that events were sent to. It is kept where the read models are, in a schema of its own, since a
 * rebuild replaces theirs. The cluster is part of the key: a topic of the same name in another cluster has none of the events.
 */
const TABLE = `
  CREATE SCHEMA IF NOT EXISTS relay;
  CREATE TABLE IF NOT EXISTS relay.position (
    cluster text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    partitions integer NOT NULL,
    position text COLLATE "C" NOT NULL DEFAULT '',
    events bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cluster, topic)
  ) WITH (fillfactor = 10)`;

/** Another relay has taken over since: whatever this one still sends, consumers have seen or will see again, and drop. */
export class Fenced extends Error {
  constructor(topic: string) {
    super(`another relay has taken the topic ${topic} over`);
    this.name = 'Fenced';
  }
}

interface Row { readonly log_id: string; readonly partitions: number; readonly position: string; readonly events: string; readonly epoch: string }

export const makePositionTable = (session: ClientBase): Promise<void> => inTransaction(session, async () => {
  await session.query("SELECT pg_advisory_xact_lock(hashtextextended('meterbook/relay', 0))"); // IF NOT EXISTS is no protection from another who makes it now
  await session.query(TABLE);
});

/** Where a relay is: the last event that the brokers have acknowledged, with all before it. */
export class SavedPosition {
  private constructor(
    private readonly session: Client, private readonly topic: Topic, private readonly epoch: string,
    private at: Position | undefined, private count: number,
  ) {}

  /**
   * Takes the topic over from whoever had it: from now on only the one who did so last can move the position.
   * @throws ForeignTopic, TopicRepartitioned, LogRewound
   */
  static async takeOver(session: Client, topic: Topic, log: EventLog): Promise<SavedPosition> {
    const { name, cluster, partitions, isUntouched } = topic;
    const row = await inTransaction(session, async () => {
      await session.query('INSERT INTO relay.position (cluster, topic, log_id, partitions) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [cluster, name, log.id, partitions]);
      // A topic without any event was made anew: all of them go there, from the first.
      if (isUntouched) await session.query("UPDATE relay.position SET log_id = $3, partitions = $4, position = '', events = 0 WHERE cluster = $1 AND topic = $2", [cluster, name, log.id, partitions]);
      const { rows: [taken] } = await session.query<Row>(
        'UPDATE relay.position SET epoch = epoch + 1 WHERE cluster = $1 AND topic = $2 RETURNING log_id, partitions, position, events, epoch', [cluster, name],
      );
      return taken as Row;
    });
    if (row.log_id !== log.id) throw new ForeignTopic(name, row.log_id, log.id);
    if (row.partitions !== partitions) throw new TopicRepartitioned(name, row.partitions, partitions);
    refuseLogThatEndsBefore(name, row.position, await log.end());
    // Losing the last of it sends some events again; waiting for the disk each time would take from those who write.
    await session.query('SET synchronous_commit = off');
    return new SavedPosition(session, topic, row.epoch, row.position || undefined, Number(row.events));
  }

  get position(): Position | undefined {
    return this.at;
  }

  /** Everything up to this position is acknowledged. @throws Fenced */
  async save(position: Position, events: number): Promise<void> {
    const { name, cluster } = this.topic;
    const { rowCount } = await this.session.query({
      name: 'save position',
      text: 'UPDATE relay.position SET position = $4, events = $5, saved_at = now() WHERE cluster = $1 AND topic = $2 AND epoch = $3',
      values: [cluster, name, this.epoch, position, this.count + events],
    });
    if (rowCount !== 1) throw new Fenced(name);
    this.at = position;
    this.count += events;
  }
}

/** Where the relay of a log to a topic is, whichever process that is; undefined before the first event. */
export const readPosition = async (client: Pick<ClientBase, 'query'>, topic: string, logId: string): Promise<Position | undefined> => {
  const { rows: [made] } = await client.query<{ made: string | null }>("SELECT to_regclass('relay.position') AS made");
  if (!made?.made) return undefined;
  const { rows: [row] } = await client.query<{ position: string }>('SELECT position FROM relay.position WHERE topic = $1 AND log_id = $2 ORDER BY saved_at DESC LIMIT 1', [topic, logId]);
  return row?.position || undefined;
};
