import { isUtf8 } from 'node:buffer';
import type { IHeaders, Message } from 'kafkajs';
import { traceparentOf } from '#libs/kernel';
import type { RecordedEvent } from '#libs/event-log';

/** An event as it travels: the stream is the key, which keeps a stream in one partition and so in order; the body is the value, byte for byte. */
export interface EventMessage extends Message {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a consumer is given of a message. */
export interface IncomingMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders | undefined;
  readonly offset?: string;
}

/** An event, and the log that it stands in: its position means nothing in another. */
export interface RelayedEvent extends RecordedEvent {
  readonly logId: string;
}

/** A message that the relay did not send. It is never passed over: it may stand where an event should. */
export class UnreadableMessage extends Error {
  constructor({ key, offset }: IncomingMessage, detail: string) {
    const where = [offset === undefined ? '' : ` at offset ${offset}`, key ? ` with key ${JSON.stringify(key.toString())}` : ''].join('');
    super(`the message${where} ${detail}; only a relay of Meterbook may write to the topic of its events`);
    this.name = 'UnreadableMessage';
  }
}

export const toMessage = ({ stream, revision, id, type, body, position }: RecordedEvent, logId: string): EventMessage => {
  const traceparent = traceparentOf(body);
  const headers = { id, type, revision: String(revision), position, log: logId, ...(traceparent && { traceparent }) };
  return { key: stream, value: body, headers };
};

/** @throws UnreadableMessage */
export const fromMessage = (message: IncomingMessage): RelayedEvent => {
  const { key, value, headers } = message;
  const header = (name: string): string => {
    const found = headers?.[name];
    if (found === undefined || Array.isArray(found)) throw new UnreadableMessage(message, `has ${found ? 'more than one' : 'no'} header ${name}`);
    return found.toString();
  };
  if (!key) throw new UnreadableMessage(message, 'has no key');
  if (!value) throw new UnreadableMessage(message, 'has no value');
  if (!isUtf8(key) || !isUtf8(value)) throw new UnreadableMessage(message, 'is not UTF-8');
  const revision = header('revision');
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(revision)) throw new UnreadableMessage(message, `has the revision ${JSON.stringify(revision)}`);
  return {
    stream: key.toString(), revision: Number(revision), id: header('id'), type: header('type'), body: value.toString(),
    position: header('position'), logId: header('log'),
  };
};
