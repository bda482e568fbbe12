import type { Pool } from 'pg';
import type { Position } from '../event-log.js';
import { logError, openPool, SEALED } from './database.js';
import { LOCKS, migrateLog } from './schema.js';

/** Waits for the appends under way, each of which takes milliseconds; all that come meanwhile wait behind it. */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = '60s'";

const MOVES = `
  CREATE TABLE IF NOT EXISTS log.moving (
    target uuid PRIMARY KEY, position text COLLATE "C" NOT NULL DEFAULT '', events bigint NOT NULL DEFAULT 0, compared boolean NOT NULL DEFAULT false
  )`;

/**
 * A trigger, so that the database refuses every append by itself: of engines of any age and of whoever else inserts, at no
 * cost while there is none. Making it waits for the appends under way; after that there is none.
 */
const SEAL = `
  ${MOVES};
  CREATE OR REPLACE FUNCTION log.refuse_append() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the event log is sealed' USING ERRCODE = '${SEALED}'; END $$;
  CREATE OR REPLACE TRIGGER sealed BEFORE INSERT ON log.events FOR EACH ROW EXECUTE FUNCTION log.refuse_append()`;
/** What is appended from now on is in no copy. */
const UNSEAL = `
  ${MOVES};
  UPDATE log.moving SET compared = false;
  DROP TRIGGER IF EXISTS sealed ON log.events; DROP FUNCTION IF EXISTS log.refuse_append()`;

/** How much of a log has been copied to another one. */
export interface CopyProgress {
  /** Of the last event copied, with all before it; undefined before the first. */
  readonly position: Position | undefined;
  readonly events: number;
}

/** Closes a log in PostgreSQL for good, so that it can be moved, and remembers how far a move has got. */
export class LogSeal {
  private constructor(private readonly pool: Pool) {}

  static async open(url: string): Promise<LogSeal> {
    const pool = openPool(url, 1);
    try {
      await migrateLog(pool);
      return new LogSeal(pool);
    } catch (error) {
      await pool.end();
      throw logError(error);
    }
  }

  /** From when this resolves nothing is appended any more, by whomever, until it is unsealed. */
  seal(): Promise<void> {
    return this.change(SEAL);
  }

  unseal(): Promise<void> {
    return this.change(UNSEAL);
  }

  /** Whether a copy to the log with this id was begun: what it has may be this log's then. */
  async hasBegun(target: string): Promise<boolean> {
    const { rows: [made] } = await this.pool.query<{ moving: boolean }>("SELECT to_regclass('log.moving') IS NOT NULL AS moving");
    if (!made?.moving) return false;
    const { rows } = await this.pool.query('SELECT FROM log.moving WHERE target = $1', [target]);
    return rows.length > 0;
  }

  /** To be told before anything is written to the log with this id. */
  async begin(target: string): Promise<void> {
    await this.pool.query('INSERT INTO log.moving (target) VALUES ($1) ON CONFLICT DO NOTHING', [target]);
  }

  /** How far a copy to the log with this id has got. */
  async progress(target: string): Promise<CopyProgress> {
    const { rows: [row] } = await this.pool.query<{ position: string; events: string }>('SELECT position, events FROM log.moving WHERE target = $1', [target]);
    return { position: row?.position || undefined, events: Number(row?.events ?? 0) };
  }

  async saveProgress(target: string, { position, events }: CopyProgress): Promise<void> {
    await this.pool.query(
      `INSERT INTO log.moving VALUES ($1, $2, $3) ON CONFLICT (target) DO UPDATE SET position = excluded.position, events = excluded.events`, [target, position ?? '', events],
    );
  }

  /** All of it is in the log with this id, to the byte. */
  async moved(target: string): Promise<void> {
    await this.pool.query('INSERT INTO log.moving (target, compared) VALUES ($1, true) ON CONFLICT (target) DO UPDATE SET compared = true', [target]);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async change(statements: string): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query(`BEGIN; ${LOCK_TIMEOUT}; SELECT pg_advisory_xact_lock(${LOCKS.migrate}); ${statements}; COMMIT`);
      client.release();
    } catch (error) {
      client.release(true); // closing the session rolls back
      throw logError(error);
    }
  }
}
