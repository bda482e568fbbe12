import type { Pool } from 'pg';
import { MemoryRewound, type Found, type IdUse, type Snapshot, type StreamMemory } from '../stream-memory.js';
import { BinaryArrays } from './binary-arrays.js';
import { isCallersFault, logError, openPool, selectRows, type Statement } from './database.js';
import { migrateLog } from './schema.js';

const CONNECTIONS = 4;

const LOAD: Statement = { name: 'load', text: 'SELECT revision, hash, version, state FROM log.snapshots WHERE log_id = $1 AND stream = $2' };

/**
 * One statement, so one transaction: the ids are there when the snapshot is. The stored snapshot is locked before it is
 * compared with what the new one builds on, and the new one is there, or the stored one locked, before any id is (to count
 * what was saved is to wait for it): nobody can discard one and its ids in between.
 */
const SAVE: Statement = { name: 'save', text: `
WITH stored AS MATERIALIZED (
  SELECT coalesce((SELECT revision FROM log.snapshots WHERE log_id = $1 AND stream = $2 FOR UPDATE), -1) AS revision
), proved AS MATERIALIZED (
  SELECT FROM stored WHERE revision >= $9::bigint
), saved AS (
  INSERT INTO log.snapshots AS stored (log_id, stream, revision, hash, version, state) SELECT $1, $2, $3, $4, $5, $6 FROM proved
  ON CONFLICT (log_id, stream) DO UPDATE
    SET revision = excluded.revision, hash = excluded.hash, version = excluded.version, state = excluded.state
    WHERE stored.revision <= excluded.revision
  RETURNING revision
), indexed AS (
  INSERT INTO log.ids (log_id, stream, key, revision)
  SELECT $1, $2, key, revision FROM proved, unnest($7::text[], $8::bigint[]) AS used (key, revision) WHERE (SELECT count(*) FROM saved) >= 0
  ON CONFLICT DO NOTHING
)
SELECT revision FROM stored` };

/** Answers number the keys from 1 on, and the streams, with what each is indexed up to at that same instant, from 0 down. */
const FIND: Statement = { name: 'find', text: `
SELECT wanted.n, used.revision
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS wanted (stream, key, n)
JOIN log.ids AS used ON used.log_id = $1 AND used.stream = wanted.stream AND used.key = wanted.key
UNION ALL
SELECT 1 - asked.n, stored.revision
FROM unnest($4::text[]) WITH ORDINALITY AS asked (stream, n)
JOIN log.snapshots AS stored ON stored.log_id = $1 AND stored.stream = asked.stream
ORDER BY 1, 2` };

const DISCARD: Statement = { name: 'discard', text: `
WITH discarded AS (
  DELETE FROM log.snapshots WHERE log_id = $1 AND stream = $2 AND revision = $3 AND hash = $4 RETURNING stream
)
DELETE FROM log.ids AS used USING discarded WHERE used.log_id = $1 AND used.stream = discarded.stream` };

interface Search {
  readonly stream: string;
  readonly keys: readonly string[];
  readonly resolve: (found: Found) => void;
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

  async save(stream: string, { revision, hash, version, state }: Snapshot, uses: readonly IdUse[], base: number): Promise<void> {
    const arrays = new BinaryArrays();
    const [keys, revisions] = [arrays.texts(uses.map((use) => use.key)), arrays.int8s(uses.map((use) => use.revision))];
    const [row] = await selectRows<[string]>(this.pool, SAVE, [this.logId, stream, revision, hash, version, state, keys, revisions, base]);
    const stored = Number(row?.[0]);
    if (stored < base) throw new MemoryRewound(stream, base, stored);
  }

  async discard(stream: string, { revision, hash }: Pick<Snapshot, 'revision' | 'hash'>): Promise<void> {
    await selectRows(this.pool, DISCARD, [this.logId, stream, revision, hash]);
  }

  find(stream: string, keys: readonly string[]): Promise<Found> {
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
      const found = await this.lookUp(searches);
      searches.forEach(({ resolve }, index) => resolve(found[index] as Found));
    } catch (error) {
      // A key that the database cannot take must not fail those that share its query.
      if (isCallersFault(error) && searches.length > 1) for (const alone of searches) await this.answer([alone]);
      else for (const { reject } of searches) reject(error);
    }
  }

  private async lookUp(searches: readonly Search[]): Promise<Found[]> {
    const wanted: { stream: string; key: string; uses: Map<string, number[]> }[] = [];
    const answers = searches.map(({ stream, keys }) => {
      const answer = { indexedTo: -1, uses: new Map<string, number[]>() };
      for (const key of new Set(keys)) wanted.push({ stream, key, uses: answer.uses });
      return answer;
    });
    const arrays = new BinaryArrays();
    const [streams, keys] = [arrays.texts(wanted.map(({ stream }) => stream)), arrays.texts(wanted.map(({ key }) => key))];
    const asked = arrays.texts(searches.map(({ stream }) => stream));
    for (const [n, found] of await selectRows<[string, string]>(this.pool, FIND, [this.logId, streams, keys, asked])) {
      const [number, revision] = [Number(n), Number(found)];
      if (number <= 0) {
        (answers[-number] as (typeof answers)[number]).indexedTo = revision;
        continue;
      }
      const { key, uses } = wanted[number - 1] as (typeof wanted)[number];
      const revisions = uses.get(key);
      if (revisions) revisions.push(revision);
      else uses.set(key, [revision]);
    }
    return answers;
  }
}
