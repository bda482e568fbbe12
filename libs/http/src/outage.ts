/** Node's codes of a connection that could not be made or broke. */
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);

/** SQLSTATE classes of a server that cannot answer: connection, out of resources (disk full), operator's intervention, system error. */
const SQLSTATE = /^(?:08|53|57|58)[0-9A-Z]{3}$|^25006$/;

/** `pg` has no code for these. */
const MESSAGE = /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end)/;

/** Whether an error says that the database cannot be reached or cannot work, rather than that we asked it something wrong. */
export const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, message, cause } = error as Error & { readonly code?: unknown; readonly driverError?: unknown };
  if (typeof code === 'string' && (NETWORK.has(code) || SQLSTATE.test(code))) return true;
  if (MESSAGE.test(message)) return true;
  // A failed connection attempt to several addresses, and TypeORM's wrapper, carry the error that says so.
  const inner = error instanceof AggregateError ? error.errors[0] as unknown : (error as { driverError?: unknown }).driverError ?? cause;
  return inner !== undefined && inner !== error && isOutage(inner);
};
