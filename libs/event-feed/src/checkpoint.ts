import type { ClientBase } from 'pg';
import { further, newestJson, type AppliedEvent } from './newest-event.js';

/** How far a consumer has got, in one row. Its lock is what makes applying a batch exclusive. */
export interface Checkpoint {
  /** What the position is in: a log's id. */
  readonly source: string;
  /** Opaque to all but the adapter; empty before the first batch. */
  readonly position: string;
  /** How many events lie before it. */
  readonly events: number;
  /** Raised whenever somebody else replaced the consumer's rows. */
  readonly generation: number;
}

/** Where checkpoints are kept: beside the rows they belong to. */
export const CHECKPOINTS = 'read.checkpoint';

export const CHECKPOINT_TABLE = `
  CREATE TABLE ${CHECKPOINTS} (
    consumer text COLLATE "C" PRIMARY KEY,
    source text COLLATE "C" NOT NULL,
    position text COLLATE "C" NOT NULL DEFAULT '',
    events bigint NOT NULL DEFAULT 0,
    generation integer NOT NULL DEFAULT 0
  ) WITH (fillfactor = 10)`;

const COLUMNS = 'source, position, events, generation';
type Row = { source: string; position: string; events: string; generation: number };
const checkpointOf = ({ events, ...row }: Row): Checkpoint => ({ ...row, events: Number(events) });

/** Makes a consumer's checkpoint at the very start of a source, unless there is one. */
export const registerCheckpoint = async (client: ClientBase, consumer: string, source: string): Promise<Checkpoint> => {
  await client.query(`INSERT INTO ${CHECKPOINTS} (consumer, source) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [consumer, source]);
  return await readCheckpoint(client, consumer) as Checkpoint;
};

export const readCheckpoint = async (client: Pick<ClientBase, 'query'>, consumer: string): Promise<Checkpoint | undefined> => {
  const { rows: [row] } = await client.query<Row>(`SELECT ${COLUMNS} FROM ${CHECKPOINTS} WHERE consumer = $1`, [consumer]);
  return row && checkpointOf(row);
};

/** Holds all who apply under this name off until the transaction ends. */
export const lockCheckpoint = async (tx: ClientBase, consumer: string): Promise<Checkpoint | undefined> => {
  const { rows: [row] } = await tx.query<Row>({
    name: 'lock checkpoint', text: `SELECT ${COLUMNS} FROM ${CHECKPOINTS} WHERE consumer = $1 FOR UPDATE`, values: [consumer],
  });
  return row && checkpointOf(row);
};

/** @param newest the last event before the position, where some were applied */
export const saveCheckpoint = async (tx: ClientBase, consumer: string, { source, position, events, generation }: Checkpoint, newest?: AppliedEvent): Promise<void> => {
  await tx.query({
    name: 'save checkpoint',
    text: `UPDATE ${CHECKPOINTS} SET source = $2, position = $3, events = $4, generation = $5, newest_event = ${further('$6::jsonb')} WHERE consumer = $1`,
    values: [consumer, source, position, events, generation, newest && newestJson(newest)],
  });
};
