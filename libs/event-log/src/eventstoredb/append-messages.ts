import type { SealedEvent } from '#libs/kernel';
import { appendBytes } from '../append-bytes.js';
import type { Position } from '../event-log.js';
import { positionOf } from './position.js';
import { MessageReader, MessageWriter } from './wire.js';

/** One append of a `BatchAppend` call. */
export interface AppendRequest {
  readonly correlationId: string;
  readonly stream: string;
  /** -1: the stream does not exist. */
  readonly expected: number;
  readonly events: readonly SealedEvent[];
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: number; readonly position: Position | undefined }
  | { readonly kind: 'elsewhere'; readonly actual: number }
  /** `reason` is the name of the message that the server put into its status. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string };

export interface AppendAnswer {
  readonly correlationId: string;
  readonly outcome: AppendOutcome;
}

/** What a message holds besides names and bodies: ids, numbers, tags. */
const FRAME_BYTES = 128;
const EVENT_FRAME_BYTES = 128;

const CONTENT_TYPE = ((): Buffer => {
  const entry = new MessageWriter(64);
  entry.message(2, () => {
    entry.text(2, 'application/json');
    entry.text(1, 'content-type');
  });
  return entry.finish();
})();

/**
 * event_store.client.streams.BatchAppendReq, in the client library's field numbers. The body goes out as the bytes it
 * was hashed as. Without a deadline the server takes its own (WriteTimeoutMs): one of ours would be a time of day, which
 * a server whose clock is ahead finds to be over.
 */
export const encodeAppend = ({ correlationId, stream, expected, events }: AppendRequest): Buffer => {
  const writer = new MessageWriter(FRAME_BYTES + stream.length * 3 + events.length * EVENT_FRAME_BYTES + appendBytes(events) * 2);
  writer.number(4, 1); // is_final
  for (let n = events.length - 1; n >= 0; n -= 1) {
    const { id, type, body } = events[n] as SealedEvent;
    writer.message(3, () => { // proposed_messages
      writer.text(4, body);
      writer.copy(CONTENT_TYPE);
      writer.message(2, () => { // metadata
        writer.text(2, type);
        writer.text(1, 'type');
      });
      writer.message(1, () => writer.text(2, id));
    });
  }
  writer.message(2, () => { // options
    if (expected < 0) writer.message(3, () => undefined); // no_stream
    else writer.number(2, expected); // stream_position
    writer.message(1, () => writer.text(3, stream));
  });
  writer.message(1, () => writer.text(2, correlationId));
  return writer.finish();
};

const hexOf = (bits: bigint): string => BigInt.asUintN(64, bits).toString(16).padStart(16, '0');

/** event_store.client.UUID: as the text that we sent, or as two halves. */
export const readUuid = (uuid: MessageReader): string => {
  let [most, least] = [0n, 0n];
  while (uuid.next()) {
    if (uuid.field === 2) return uuid.text();
    const halves = uuid.message();
    while (halves.next()) {
      if (halves.field === 1) most = halves.bits();
      else if (halves.field === 2) least = halves.bits();
    }
  }
  return `${hexOf(most)}${hexOf(least)}`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

const readPosition = (message: MessageReader): Position => {
  let [commit, prepare] = [0, 0];
  while (message.next()) {
    if (message.field === 1) commit = message.number();
    else if (message.field === 2) prepare = message.number();
  }
  return positionOf(commit, prepare);
};

const readSuccess = (success: MessageReader): AppendOutcome => {
  let revision = -1;
  let position: Position | undefined;
  while (success.next()) {
    if (success.field === 1) revision = success.number();
    else if (success.field === 3) position = readPosition(success.message());
  }
  return { kind: 'appended', revision, position };
};

const readActual = (wrongVersion: MessageReader): number => {
  while (wrongVersion.next()) if (wrongVersion.field === 1) return wrongVersion.number();
  return -1;
};

/** google.rpc.Status, its details in a google.protobuf.Any. */
const readStatus = (status: MessageReader): AppendOutcome => {
  let [reason, message] = ['', ''];
  let details: MessageReader | undefined;
  while (status.next()) {
    if (status.field === 2) message = status.text();
    else if (status.field === 3) {
      const any = status.message();
      while (any.next()) {
        if (any.field === 1) reason = any.text().replace(/^.*[./]/, '');
        else if (any.field === 2) details = any.message();
      }
    }
  }
  if (reason !== 'WrongExpectedVersion') return { kind: 'refused', reason, message };
  return { kind: 'elsewhere', actual: details ? readActual(details) : -1 };
};

/** event_store.client.streams.BatchAppendResp */
export const decodeAppendAnswer = (bytes: Buffer): AppendAnswer => {
  const answer = new MessageReader(bytes);
  let correlationId = '';
  let outcome: AppendOutcome = { kind: 'refused', reason: '', message: 'neither success nor error' };
  while (answer.next()) {
    if (answer.field === 1) correlationId = readUuid(answer.message());
    else if (answer.field === 2) outcome = readStatus(answer.message());
    else if (answer.field === 3) outcome = readSuccess(answer.message());
  }
  return { correlationId, outcome };
};
