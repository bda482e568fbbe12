import { getSystemErrorMap } from 'node:util';

/** The embedded PostgreSQL cannot be started. The message is one line for the person at the terminal: print it and exit. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** Another process has the data directory. */
export class DataDirectoryInUse extends StartError {
  constructor(dataDir: string, holder: string) {
    super(`The data directory ${dataDir} is in use by ${holder}. Stop that first, or set METERBOOK_DATA_DIR to another one.`);
  }
}

/** Told by its fields: under Jest, Node's own errors are not instances of the Error that a test's code sees. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { errno: number } =>
  typeof (error as NodeJS.ErrnoException | undefined)?.errno === 'number';

/** The operating system's own words for an error: "permission denied", "no space left on device". */
export const plainReason = (error: unknown): string =>
  isSystemError(error) ? (getSystemErrorMap().get(error.errno)?.[1] ?? error.message) : String(error);

export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  isSystemError(error) && codes.includes(error.code ?? '');

/** Turns what the operating system refuses in the data directory into a StartError; anything else is a bug and stays as it is. */
export const asStartError = (error: unknown, dataDir: string): unknown => {
  if (!isSystemError(error)) return error;
  const where = error.path && error.path !== dataDir ? ` (at ${error.path})` : '';
  return new StartError(`Cannot use the data directory ${dataDir}: ${plainReason(error)}${where}.`, { cause: error });
};
