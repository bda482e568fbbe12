import { readFileSync } from 'node:fs';
import { open, type Envelope, type EventDefinition, type SealedEvent } from '#libs/kernel';

type StoredEvent = Pick<SealedEvent, 'type' | 'body'>;

/** A stream as it was stored by the release that wrote these versions: one event a line, the body byte for byte. */
export const storedStream = (name: string): StoredEvent[] =>
  readFileSync(new URL(`samples/${name}.jsonl`, import.meta.url), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as StoredEvent);

/** The events of a stored stream as the code of today reads them. */
export const opened = (name: string, definitions: ReadonlyMap<string, EventDefinition>): (Envelope & { readonly type: string })[] =>
  storedStream(name).map(({ type, body }) => ({ type, ...open(type, body, definitions) }));
