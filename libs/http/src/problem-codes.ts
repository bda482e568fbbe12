import type { ErrorKind } from '#libs/kernel';

/** Every code an answer can carry, with what it means to the caller. The OpenAPI document and `/problems/{code}` are made of it. */
export const PROBLEM_CODES = {
  invalid_request: ['invalid', 'The request is not what this path takes. `errors` lists the places, each with what is allowed there.'],
  idempotency_key_required: ['invalid', 'This command needs an `Idempotency-Key` header or an `id` in its body, so that a retry cannot act twice.'],
  invalid_key: ['unauthenticated', 'The bearer token is missing or not known.'],
  insufficient_credits: ['insufficient', 'More than is available was asked for. `available` and `required` say how much.'],
  overdrawn: ['insufficient', 'The account owes for usage beyond its credit (`debt`). Credit that is bought pays it first.'],
  forbidden: ['forbidden', 'The token is known, and its role may not do this.'],
  not_found: ['not_found', 'There is nothing under this path or id.'],
  method_not_allowed: [405, 'The path is there, but not with this method. `Allow` lists those it has.'],
  request_timeout: [408, 'The request did not arrive whole in time.'],
  idempotency_conflict: ['conflict', 'The id or key was used before with other content. Nothing was done.'],
  hold_closed: ['conflict', 'The hold is closed. `hold` shows how it ended.'],
  state_conflict: ['conflict', 'The request does not fit how things stand. The members beside `detail` say how they do.'],
  append_too_large: ['too_large', 'The command leads to more than the event log takes at once, such as a very large rate card on EventStoreDB. Nothing was done.'],
  payload_too_large: ['too_large', 'The body is larger than this path takes.'],
  uri_too_long: [414, 'The path is longer than any id makes it.'],
  unsupported_media_type: ['unsupported_media', 'The body is not of a content type this path takes.'],
  unknown_model: ['unpriced', 'The rate card has no such model. `models` lists those most like it.'],
  unpriced_parameters: ['unpriced', 'The model has no price for these meters or parameters. The members beside `detail` list those it has.'],
  headers_too_large: [431, 'The headers are larger than the server takes.'],
  internal_error: [500, 'The engine failed in a way it did not expect. Whether the command was carried out is told by sending it again under the same id.'],
  log_unavailable: ['unavailable', 'The event log cannot take writes just now. Nothing was charged, or the same id will tell: send it again.'],
  account_contended: ['unavailable', 'The account is written to from many places at once. Send it again under the same id: it is carried out once.'],
  catalog_contended: ['unavailable', 'Catalogs are written to from many places at once. Nothing was done: send it again.'],
  projection_behind: ['unavailable', 'The read model has not got as far as `Meterbook-Min-Position` in time. Ask again.'],
  database_unavailable: ['unavailable', 'The database cannot be read just now. Ask again.'],
} as const satisfies Readonly<Record<string, readonly [ErrorKind | number, string]>>;

export type ProblemCode = keyof typeof PROBLEM_CODES;
