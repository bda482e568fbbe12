import type { Pool } from 'pg';
import type { IdUse, Snapshot, StreamMemory } from '../stream-memory.js';
import { BinaryArrays } from './binary-arrays.js';
import { isCallersFault, logError, openPool, selectRows, type Statement } from './database.js';
import { migrateLog } from './schema.js';

const CONNECTIONS = 4;

const LOAD: Statement = { name: 'load', text: 'SELECT revision, hash, version, state FROM log.snapshots WHERE log_id = $1 AND stream = $2' };

/** One statement, so one transaction: the ids are there when the snapshot is. */
const SAVE: Statement = { name: 'save', text: `
WITH saved AS (
  INSERT INTO log.snapshots AS stored (log_id, stream, revision, hash, version, state) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (log_id, stream) DO UPDATE
    SET revision = excluded.revision, hash = excluded.hash, version = excluded.version, state = excluded.state
    WHERE stored.revision <= excluded.revision
)
INSERT INTO log.ids (log_id, stream, key, revision)
SELECT $1, $2, key, revision FROM unnest($7::text[], $8::bigint[]) AS used (key, revision)
ON CONFLICT DO NOTHING` };

const FIND: Statement = { name: 'find', text: `
SELECT wanted.n, used.revision
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS wanted (stream, key, n)
JOIN log.ids AS used ON used.log_id = $1 AND used.stream = wanted.stream AND used.key = wanted.key
ORDER BY wanted.n, used.revision` };

interface Search {
  readonly stream: string;
  readonly keys: readonly string[];
  readonly resolve: (found: ReadonlyMap<string, readonly number[]>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Snapshots and the id index in a PostgreSQL database, for the log with this id, which may be kept elsewhere. */
export class PostgresStreamMemory implements StreamMemory {
  private waiting: Search[] = [];
  private searching = false;

  private constructor(private readonly pool: Pool, private readonly logId: string) {}

  static async open(url: string, logId: string): Promise<PostgresStreamMemory> {
    const pool = openPool(url, CONNECTIONS);
    try {
      await migrateLog(pool);
      return new PostgresStreamMemory(pool, logId);
    } catch (error) {
      await pool.end();
      throw logError(error);
    }
  }

  async load(stream: string): Promise<Snapshot | undefined> {
    const [row] = await selectRows<[string, string, string, string]>(this.pool, LOAD, [this.logId, stream]);
    if (!row) return undefined;
    const [revision, hash, version, state] = row;
    return { revision: Number(revision), hash, version: Number(version), state };
  }

  async save(stream: string, { revision, hash, version, state }: Snapshot, uses: readonly IdUse[]): Promise<void> {
    const arrays = new BinaryArrays();
    const [keys, revisions] = [arrays.texts(uses.map((use) => use.key)), arrays.int8s(uses.map((use) => use.revision))];
    await selectRows(this.pool, SAVE, [this.logId, stream, revision, hash, version, state, keys, revisions]);
  }

  find(stream: string, keys: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ stream, keys, resolve, reject });
      if (this.searching) return;
      this.searching = true;
      setImmediate(() => { void this.search(); });
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /** One query at a time: the calls made while it runs share the next. */
  private async search(): Promise<void> {
    while (this.waiting.length > 0) {
      const searches = this.waiting;
      this.waiting = [];
      await this.answer(searches);
    }
    this.searching = false;
  }

  private async answer(searches: readonly Search[]): Promise<void> {
    try {
      const found = await this.revisionsOf(searches);
      searches.forEach(({ resolve }, index) => resolve(found[index] as Map<string, number[]>));
    } catch (error) {
      // A key that the database cannot take must not fail those that share its query.
      if (isCallersFault(error) && searches.length > 1) for (const alone of searches) await this.answer([alone]);
      else for (const { reject } of searches) reject(error);
    }
  }

  private async revisionsOf(searches: readonly Search[]): Promise<Map<string, number[]>[]> {
    const wanted: { stream: string; key: string; found: Map<string, number[]> }[] = [];
    const answers = searches.map(({ stream, keys }) => {
      const found = new Map<string, number[]>();
      for (const key of new Set(keys)) wanted.push({ stream, key, found });
      return found;
    });
    const arrays = new BinaryArrays();
    const [streams, keys] = [arrays.texts(wanted.map(({ stream }) => stream)), arrays.texts(wanted.map(({ key }) => key))];
    for (const [n, revision] of await selectRows<[string, string]>(this.pool, FIND, [this.logId, streams, keys])) {
      const { key, found } = wanted[Number(n) - 1] as (typeof wanted)[number];
      const revisions = found.get(key);
      if (revisions) revisions.push(Number(revision));
      else found.set(key, [Number(revision)]);
    }
    return answers;
  }
}
