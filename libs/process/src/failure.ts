/** What the process ends with; documented in `meterbook --help`. */
export const ExitCode = { ok: 0, failed: 1, someRejected: 2, interrupted: 130 } as const;

/** Something the person at the terminal can act on. The message is one line that says what, and what to do. */
export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
  }
}
