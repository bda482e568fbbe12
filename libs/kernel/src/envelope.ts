import { hash } from 'node:crypto';
import { upcast, type EventDefinition } from './define-event.js';
import type { Instant } from './instant.js';

/** Who asked, and what it belongs to; the same for every event of one command. */
export interface Cause {
  /** `operator:<role>`, `key:<keyId>`, `scheduler`: an opaque id, never a name or an address. */
  readonly actor: string;
  readonly correlationId: string;
  /** The command's id; repeats of a command carry the same one. */
  readonly causationId: string;
  readonly idempotencyKey?: string | undefined;
  /** W3C trace context of the request, where it brought one. */
  readonly traceparent?: string | undefined;
}

/** What is stored as an event's body, besides its data. Stored as the text we wrote: the hash covers those bytes. */
export interface Envelope<Data = unknown> extends Cause {
  readonly schemaVersion: number;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** Hash of the stream's previous event; null for its first. */
  readonly previousHash: string | null;
  readonly data: Data;
}

/** A fact as a decider states it, with the instants it belongs to. */
export interface Fact {
  readonly type: string;
  readonly data: unknown;
  readonly recordedAt: Instant;
  /** When the thing happened; left out where that is when it was recorded. */
  readonly occurredAt?: Instant | undefined;
}

/** An event ready to be appended. The log sees an opaque body. */
export interface SealedEvent {
  readonly id: string;
  readonly type: string;
  readonly body: string;
}

/** SHA-256 over where the event stands and its stored bytes: a changed, moved, missing or added event breaks the chain. */
export const hashOf = (stream: string, revision: number, type: string, body: string): string =>
  hash('sha256', `${stream}\n${revision}\n${type}\n${body}`, 'hex');

/**
 * The event's id is its hash as a UUID (version 8). So the very same event sent again has the same id, and one that
 * differs in any byte never has: a log that takes the id for the event cannot take another event for it.
 */
export const eventIdOf = (hashHex: string): string =>
  `${hashHex.slice(0, 8)}-${hashHex.slice(8, 12)}-8${hashHex.slice(13, 16)}-${((Number.parseInt(hashHex[16] as string, 16) & 3) | 8).toString(16)}${hashHex.slice(17, 20)}-${hashHex.slice(20, 32)}`;

/** Turns facts into events that continue a stream after (`revision`, `previousHash`). */
export const seal = (
  stream: string, after: { readonly revision: number; readonly hash: string | null },
  facts: readonly Fact[], cause: Cause, definitions: ReadonlyMap<string, EventDefinition>,
): { events: SealedEvent[]; hash: string | null } => {
  const { actor, correlationId, causationId, idempotencyKey, traceparent } = cause;
  let { revision, hash: previousHash } = after;
  const events = facts.map(({ type, data, recordedAt, occurredAt = recordedAt }) => {
    const definition = definitions.get(type);
    if (!definition) throw new Error(`event ${type} is not defined`);
    const envelope: Envelope = { schemaVersion: definition.version, occurredAt, recordedAt, actor, correlationId, causationId, idempotencyKey, traceparent, previousHash, data };
    const body = JSON.stringify(envelope);
    revision += 1;
    previousHash = hashOf(stream, revision, type, body);
    return { id: eventIdOf(previousHash), type, body };
  });
  return { events, hash: previousHash };
};

/** Reads a stored body; data is brought to the current version. */
export const open = <Data>(type: string, body: string, definitions: ReadonlyMap<string, EventDefinition>): Envelope<Data> => {
  const envelope = JSON.parse(body) as Envelope<Data>;
  const definition = definitions.get(type);
  if (!definition) throw new Error(`event ${type} is not known to this version`);
  return envelope.schemaVersion === definition.version ? envelope
    : { ...envelope, data: upcast(definition, envelope.data, envelope.schemaVersion) as Data };
};
