import type { ClientBase } from 'pg';
import type { ReadModelName } from '../folding/read-model.js';
import { READ_MODELS } from '../read-models.js';

/** Where a read model is built beside the live one. */
export const NEXT = 'read_next';

export interface Progress {
  /** Events of the log that it has read. */
  readonly events: number;
  /** Events that the live read models had applied when it was last looked at; the end moves on. */
  readonly total: number;
}

const tablesOf = (names: readonly ReadModelName[]): string[] => names.flatMap((name) => READ_MODELS[name].tables);

/**
 * Makes empty tables like the live ones, down to the names of their indexes; what an interrupted rebuild left is removed.
 * The copy knows how far it is itself, so that it and its progress go together.
 */
export const makeCopy = async (client: ClientBase, names: readonly ReadModelName[]): Promise<void> => {
  await client.query(`DROP SCHEMA IF EXISTS ${NEXT} CASCADE; CREATE SCHEMA ${NEXT}`);
  await client.query(`CREATE TABLE ${NEXT}.progress AS SELECT $1::text[] AS names, 0::bigint AS events, 0::bigint AS total, now() AS started_at`, [names]);
  for (const table of tablesOf(names)) {
    await client.query(`CREATE TABLE ${NEXT}.${table} (LIKE read.${table} INCLUDING ALL)`);
    const { rows: [found] } = await client.query<{ options: string | null }>(
      "SELECT array_to_string(reloptions, ', ') AS options FROM pg_class WHERE oid = $1::regclass", [`read.${table}`],
    );
    if (found?.options) await client.query(`ALTER TABLE ${NEXT}.${table} SET (${found.options})`);
  }
};

export const saveProgress = async (tx: ClientBase, { events, total }: Progress): Promise<void> => {
  await tx.query(`UPDATE ${NEXT}.progress SET events = $1, total = $2`, [events, total]);
};

export const gatherStatistics = async (client: ClientBase, names: readonly ReadModelName[]): Promise<void> => {
  for (const table of tablesOf(names)) await client.query(`ANALYZE ${NEXT}.${table}`);
};

/** Puts the copies in the live tables' place, in the caller's transaction. Queries wait for as long as that takes to commit, and go on. */
export const switchTables = async (tx: ClientBase, names: readonly ReadModelName[]): Promise<void> => {
  const tables = tablesOf(names);
  await tx.query(`LOCK TABLE ${tables.map((table) => `read.${table}`).join(', ')} IN ACCESS EXCLUSIVE MODE`);
  for (const table of tables) await tx.query(`DROP TABLE read.${table}; ALTER TABLE ${NEXT}.${table} SET SCHEMA read`);
  await tx.query(`DROP SCHEMA ${NEXT} CASCADE`);
  await tx.query(
    `INSERT INTO read.projection (name, version, built_at) SELECT name, version, now() FROM unnest($1::text[], $2::integer[]) AS built (name, version)
      ON CONFLICT (name) DO UPDATE SET version = excluded.version, built_at = excluded.built_at`,
    [names, names.map((name) => READ_MODELS[name].version)],
  );
};

/** Removes what was built so far. */
export const dropCopy = async (client: ClientBase): Promise<void> => {
  await client.query(`DROP SCHEMA IF EXISTS ${NEXT} CASCADE`);
};
