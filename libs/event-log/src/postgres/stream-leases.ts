import { Pool, type PoolClient } from 'pg';
import type { StreamLeases } from '../stream-leases.js';
import { surviveLoss } from './database.js';

/** Streams fought over at the same time; more of them wait for one another, which costs time only. */
const CONNECTIONS = 4;
/** Longer than anybody waits for a lease: a server that says nothing must not hold up who can do without one. */
const ANSWERS_WITHIN_MS = 5_000;
/** The server ends a session that is silent, and its leases: of a machine that is gone nothing else tells it for hours. */
const SESSION = "SET idle_session_timeout = '15s'";

/** Leases as advisory locks of sessions: first come, first served, and given back by PostgreSQL when a process dies. */
export class PostgresStreamLeases implements StreamLeases {
  private readonly pool: Pool;

  constructor(url: string, private readonly onError: (error: unknown) => void) {
    this.pool = new Pool({
      connectionString: url, max: CONNECTIONS, connectionTimeoutMillis: 2_000, query_timeout: ANSWERS_WITHIN_MS, keepAlive: true, application_name: 'meterbook leases',
      onConnect: (client): unknown => client.query(SESSION),
    });
    surviveLoss(this.pool, onError);
  }

  async acquire(stream: string, waitMs: number): Promise<(() => void) | undefined> {
    let client: PoolClient | undefined;
    try {
      client = await this.pool.connect();
      await client.query(`SET lock_timeout = ${Math.ceil(waitMs)}`);
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [stream]);
    } catch (error) {
      // Not having it is an answer, not a failure: the revision guards the append all the same.
      this.onError(error);
      client?.release(true);
      return undefined;
    }
    const held = client;
    return () => {
      held.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [stream]).then(
        () => held.release(),
        (error: unknown) => { this.onError(error); held.release(true); },
      );
    };
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
