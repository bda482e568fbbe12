import { DatabaseError, type ClientBase } from 'pg';
import { BillingError } from '#libs/kernel';

const LOCK = "hashtextextended('meterbook/read/rebuild', 0)";
const LOCK_NOT_AVAILABLE = '55P03';

export const isLockTimeout = (error: unknown): boolean => error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE;

/**
 * One rebuild at a time, in all processes together, for as long as the connection lasts.
 * @throws conflict/state_conflict while another is running
 */
export const claimRebuild = async (client: ClientBase): Promise<void> => {
  try {
    // Not merely tried: somebody may hold it for a moment to see whether a rebuild is running.
    await client.query(`SET lock_timeout = '1s'; SELECT pg_advisory_lock(${LOCK}); SET lock_timeout = 0`);
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new BillingError('conflict', 'state_conflict', { detail: 'read models are being rebuilt already; wait for it to end' });
  }
};

/** SQL: true while a rebuild is running. A transaction that asks holds the lock, shared, to its end. */
export const REBUILD_RUNS = `NOT pg_try_advisory_xact_lock_shared(${LOCK})`;
