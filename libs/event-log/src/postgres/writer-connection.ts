import type { Client } from 'pg';
import { APPEND, AppendBatch, type AppendRow } from './append-batch.js';
import { BinaryArrays } from './binary-arrays.js';
import { openClient } from './database.js';
import { LOCKS } from './schema.js';

/** The database did not say whether it committed; the cause tells why. */
export class OutcomeUnknown extends Error {}

/**
 * The lock is taken in a statement of its own: the next one takes its snapshot after it, and so sees all that was
 * committed by whoever held the lock before.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(${LOCKS.append})`;

/**
 * The connection on which a process commits. It pipelines: a transaction is one round trip, and a batch that is sent
 * while another commits waits for it at the server, not here.
 */
export class WriterConnection {
  private readonly arrays = new BinaryArrays();

  private constructor(private readonly client: Client, readonly pid: number) {}

  /** @param name what the server lists its session under, so that a successor can end it. */
  static async open(url: string, name: string): Promise<WriterConnection> {
    const client = await openClient(url, { application_name: name, pipeline: true });
    try {
      const { rows: [session] } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const connection = new WriterConnection(client, session?.pid ?? 0);
      await connection.append(new AppendBatch(0)); // prepares the statement, which a transaction that fails early would not
      return connection;
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    }
  }

  onceLost(listener: () => void): void {
    this.client.once('end', listener);
  }

  /** Ends sessions that may still be committing for callers which lost them; false when one of them would not end in time. */
  async endSessions(names: readonly string[]): Promise<boolean> {
    const { rows } = await this.client.query<{ ended: boolean }>(
      'SELECT pg_terminate_backend(pid, 3000) AS ended FROM pg_stat_activity WHERE application_name = ANY($1)', [names],
    );
    return rows.every(({ ended }) => ended);
  }

  /** @throws OutcomeUnknown, or the error of a transaction that was rolled back. */
  async run(batch: AppendBatch): Promise<readonly AppendRow[]> {
    if (!batch.writes) return this.append(batch);
    const [begun, appended, committed] = await Promise.allSettled([
      this.client.query(BEGIN), this.append(batch), this.client.query('COMMIT'),
    ]);
    if (begun.status === 'fulfilled' && appended.status === 'fulfilled' && committed.status === 'fulfilled' && committed.value.command === 'COMMIT') {
      return appended.value;
    }
    // An error in the transaction and an answer to COMMIT: it was rolled back. Without that answer it may be either.
    if (appended.status === 'rejected' && committed.status === 'fulfilled') throw begun.status === 'rejected' ? begun.reason : appended.reason;
    throw new OutcomeUnknown('commit not answered', { cause: committed.status === 'rejected' ? committed.reason : undefined });
  }

  /** Says goodbye once what was sent is answered. */
  async close(): Promise<void> {
    await this.client.end();
  }

  destroy(): void {
    this.client.connection.stream.destroy();
  }

  private async append(batch: AppendBatch): Promise<AppendRow[]> {
    const { rows } = await this.client.query<AppendRow & unknown[]>({
      name: 'append', text: APPEND, values: batch.encode(this.arrays), rowMode: 'array',
    });
    return rows;
  }
}
