import { DatabaseError, type ClientBase } from 'pg';

/** How long a wait for the lock lasts before it looks whether it is still wanted. */
const LOOK_UP_EVERY = '1s';
const LOCK_NOT_AVAILABLE = '55P03';

/** Whether others may have the same turn: those who say so too. */
export interface Turn {
  readonly shared?: boolean | undefined;
}

/**
 * Waits until no other process works under this name; false when `signal` aborted first. The turn lasts as long as the
 * connection, or until it is given back. It saves work, nothing more: that a batch is applied once rests on the checkpoint's own lock.
 */
export const takeTurn = async (client: ClientBase, name: string, signal: AbortSignal, onWait: () => void, { shared = false }: Turn = {}): Promise<boolean> => {
  const lock = shared ? 'advisory_lock_shared' : 'advisory_lock';
  const { rows: [row] } = await client.query<{ free: boolean }>(`SELECT pg_try_${lock}(hashtextextended($1, 0)) AS free`, [name]);
  if (row?.free) return true;
  onWait();
  await client.query(`SET lock_timeout = '${LOOK_UP_EVERY}'`);
  while (!signal.aborted) {
    try {
      await client.query(`SELECT pg_${lock}(hashtextextended($1, 0))`, [name]);
      await client.query('SET lock_timeout = 0');
      return true;
    } catch (error) {
      if (!(error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
    }
  }
  return false;
};

/** Gives back a turn that was not shared. */
export const giveTurn = async (client: ClientBase, name: string): Promise<void> => {
  await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]);
};
