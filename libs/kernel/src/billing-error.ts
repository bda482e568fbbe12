/** What the caller can do about it; each kind has one HTTP status. */
export type ErrorKind =
  | 'invalid' | 'unauthenticated' | 'insufficient' | 'forbidden' | 'not_found' | 'conflict' | 'too_large'
  | 'unsupported_media' | 'unpriced' | 'limited' | 'unavailable';

/** Values safe to show to the caller; they become members of the problem document. `detail` is a sentence for people. */
export type Facts = Readonly<Record<string, unknown>>;

/** A refusal. `code` is stable and documented; `facts` say what is allowed or how things stand. */
export class BillingError extends Error {
  constructor(readonly kind: ErrorKind, readonly code: string, readonly facts: Facts = {}) {
    super(typeof facts.detail === 'string' ? facts.detail : code);
    this.name = 'BillingError';
  }
}
