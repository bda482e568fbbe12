import { setTimeout as delay } from 'node:timers/promises';
import { BillingError } from '#libs/kernel';

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;

/**
 * SQLSTATE classes of a database that is out of reach or out of something for a while: connection (08), rolled back for
 * another's sake (40), out of disk, memory or connections (53), a lock or object in use (55), shut down or starting (57),
 * its files (58); a primary that became a standby (25006), a transaction that idled too long (25P03).
 */
const PASSING = /^(?:08|40|53|55|57|58|25006|25P03)/;
const NETWORK = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;
/** What the driver says without a code. */
const DRIVER = /Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|not queryable|Client was closed|Client has encountered a connection error/;

/**
 * All that a broker or its client library says: it may be starting, moving, out of copies or out of reach, or be given the
 * missing right while we wait. What no wait mends is found before a broker is asked, or told by an error of our own.
 */
const BROKER = /^KafkaJS/;

/** Whether trying again later may succeed. All else is a fault that would only repeat itself. */
export const isOutage = (error: unknown): boolean => {
  if (error instanceof BillingError) return error.kind === 'unavailable';
  if (typeof error !== 'object' || error === null) return false;
  // What errors say, not of which class they are: several libraries, and several realms, bring their own.
  const { code, message, errors, name } = error as { readonly code?: unknown; readonly message?: unknown; readonly errors?: unknown; readonly name?: unknown };
  if (typeof name === 'string' && BROKER.test(name)) return true;
  if (Array.isArray(errors)) return errors.some(isOutage);
  return (typeof code === 'string' && (PASSING.test(code) || NETWORK.test(code))) || (typeof message === 'string' && DRIVER.test(message));
};

/**
 * Runs `attempt` until it returns or `signal` aborts, again after each outage, waiting longer and longer; `attempt` tells
 * when it made progress, which starts the waits anew.
 * @throws what is no outage
 */
export const keepTrying = async (
  attempt: (progress: () => void) => Promise<void>, signal: AbortSignal, onOutage: (error: unknown) => void,
): Promise<void> => {
  let delayMs = FIRST_DELAY_MS;
  while (!signal.aborted) {
    try {
      await attempt(() => { delayMs = FIRST_DELAY_MS; });
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isOutage(error)) throw error;
      onOutage(error);
    }
    await delay(delayMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  }
};
