import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Message } from 'google-protobuf';
import type { Faults } from './faults.js';
import type { StoredEvent, WriteAnswer } from './stream-store.js';

const identifierOf = (stream: string): InstanceType<typeof shared.StreamIdentifier> => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  return identifier;
};

export const nameOf = (identifier: InstanceType<typeof shared.StreamIdentifier> | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

const uuidOf = (id: string): InstanceType<typeof shared.UUID> => {
  const uuid = new shared.UUID();
  uuid.setString(id);
  return uuid;
};

/** An event as `Read` sends it. */
export const eventAnswer = ({ id, stream, revision, position, type, contentType, created, data, metadata }: StoredEvent): InstanceType<typeof streams.ReadResp> => {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(uuidOf(id));
  recorded.setStreamIdentifier(identifierOf(stream));
  recorded.setStreamRevision(String(revision));
  recorded.setCommitPosition(String(position));
  recorded.setPreparePosition(String(position));
  recorded.getMetadataMap().set('type', type).set('content-type', contentType).set('created', created);
  recorded.setData(data);
  recorded.setCustomMetadata(metadata);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(position));
  const answer = new streams.ReadResp();
  answer.setEvent(read);
  return answer;
};

export const notFoundAnswer = (stream: string): InstanceType<typeof streams.ReadResp> => {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const answer = new streams.ReadResp();
  answer.setStreamNotFound(notFound);
  return answer;
};

export const confirmationAnswer = (): InstanceType<typeof streams.ReadResp> => {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(crypto.randomUUID());
  const answer = new streams.ReadResp();
  answer.setConfirmation(confirmation);
  return answer;
};

export const caughtUpAnswer = (): InstanceType<typeof streams.ReadResp> => {
  const answer = new streams.ReadResp();
  answer.setCaughtUp(new streams.ReadResp.CaughtUp());
  return answer;
};

const statusOf = (details: Message, type: string, message = ''): InstanceType<typeof status.Status> => {
  const packed = new any.Any();
  packed.pack(details.serializeBinary(), type);
  const refusal = new status.Status();
  refusal.setDetails(packed);
  refusal.setMessage(message);
  return refusal;
};

const wrongExpectedVersion = (actual: number): InstanceType<typeof status.Status> => {
  const wrong = new shared.WrongExpectedVersion();
  if (actual < 0) wrong.setCurrentNoStream(new empty.Empty());
  else wrong.setCurrentStreamRevision(String(actual));
  return statusOf(wrong, 'event_store.client.WrongExpectedVersion');
};

const tooLarge = (most: number): InstanceType<typeof status.Status> => {
  const exceeded = new shared.MaximumAppendSizeExceeded();
  exceeded.setMaxappendsize(most);
  return statusOf(exceeded, 'event_store.client.MaximumAppendSizeExceeded');
};

export type BatchAnswer = Exclude<WriteAnswer, { kind: 'dropped' }> | { readonly kind: 'timeout' } | { readonly kind: 'too-large'; readonly most: number }
  | { readonly kind: 'not-handled'; readonly message: string } | { readonly kind: 'bad-request'; readonly message: string };

const successOf = (revision: number, position: number): InstanceType<typeof streams.BatchAppendResp.Success> => {
  const success = new streams.BatchAppendResp.Success();
  if (revision < 0) success.setNoStream(new empty.Empty());
  else success.setCurrentRevision(String(revision));
  const stands = new shared.AllStreamPosition();
  stands.setCommitPosition(String(position));
  stands.setPreparePosition(String(position));
  success.setPosition(stands);
  return success;
};

const streamDeleted = (stream: string): InstanceType<typeof status.Status> => {
  const deleted = new shared.StreamDeleted();
  deleted.setStreamIdentifier(identifierOf(stream));
  return statusOf(deleted, 'event_store.client.StreamDeleted');
};

const badRequest = (message: string): InstanceType<typeof status.Status> => {
  const bad = new shared.BadRequest();
  bad.setMessage(message);
  return statusOf(bad, 'event_store.client.BadRequest');
};

const errorOf = (stream: string, answer: Exclude<BatchAnswer, { kind: 'done' }>): InstanceType<typeof status.Status> => {
  if (answer.kind === 'wrong-expected-version') return wrongExpectedVersion(answer.actual);
  if (answer.kind === 'stream-deleted') return streamDeleted(stream);
  if (answer.kind === 'too-large') return tooLarge(answer.most);
  if (answer.kind === 'bad-request') return badRequest(answer.message);
  if (answer.kind === 'not-handled') return statusOf(new empty.Empty(), 'google.protobuf.Empty', answer.message);
  return statusOf(new shared.Timeout(), 'event_store.client.Timeout');
};

/** The answer to one append of a `BatchAppend` call. */
export const batchAnswer = (
  correlationId: InstanceType<typeof shared.UUID> | undefined, stream: string, answer: BatchAnswer,
): InstanceType<typeof streams.BatchAppendResp> => {
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(correlationId);
  response.setStreamIdentifier(identifierOf(stream));
  if (answer.kind === 'done') response.setSuccess(successOf(answer.revision, answer.position));
  else response.setError(errorOf(stream, answer));
  return response;
};

/** The error that ends a whole call. */
export const callError = (code: Code, details: string, facts: Readonly<Record<string, string>> = {}): ServiceError => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(facts)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};

export const streamDeletedError = (stream: string): ServiceError =>
  callError(Code.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', 'stream-name': stream });

export const wrongVersionError = (stream: string, expected: number, actual: number): ServiceError => callError(
  Code.FAILED_PRECONDITION, `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
  { exception: 'wrong-expected-version', 'stream-name': stream, 'expected-version': String(expected), 'actual-version': String(actual) },
);

/** How a node that does not serve says so, to a whole call. */
export const refusalError = (refusal: NonNullable<Faults['refusal']>): ServiceError => {
  if (refusal === 'not-ready') return callError(Code.UNAVAILABLE, 'Server Is Not Ready');
  if (refusal === 'busy') return callError(Code.UNAVAILABLE, 'Server Is Too Busy');
  if (refusal === 'no-leader') return callError(Code.UNKNOWN, 'No leader info available in response');
  return callError(Code.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader', 'leader-endpoint-host': refusal.address, 'leader-endpoint-port': String(refusal.port),
  });
};
