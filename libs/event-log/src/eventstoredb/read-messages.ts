import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Position, RecordedEvent } from '../event-log.js';
import { readUuid } from './append-messages.js';
import { offsetsOf, positionOf } from './position.js';
import { MessageReader } from './wire.js';

const { Options } = streams.ReadReq;
type ReadRequest = InstanceType<typeof streams.ReadReq>;
type ReadOptions = InstanceType<typeof Options>;

/** A `Read` call takes the options as they are; ids come as text. */
const requestWith = (options: ReadOptions): ReadRequest => {
  const uuids = new Options.UUIDOption();
  uuids.setString(new shared.Empty());
  options.setUuidOption(uuids);
  const request = new streams.ReadReq();
  request.setOptions(options);
  return request;
};

/** A stream's events from a revision on. */
export const streamRequest = (stream: string, from: number, limit: number): ReadRequest => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  const of = new Options.StreamOptions();
  of.setStreamIdentifier(identifier);
  of.setRevision(String(from));
  const options = new Options();
  options.setStream(of);
  options.setCount(String(limit));
  options.setNoFilter(new shared.Empty());
  return requestWith(options);
};

/** A stream's newest event. */
export const newestRequest = (stream: string): ReadRequest => {
  const request = streamRequest(stream, 0, 1);
  request.getOptions()?.getStream()?.setEnd(new shared.Empty());
  request.getOptions()?.setReadDirection(Options.ReadDirection.BACKWARDS);
  return request;
};

/** How many events a server looks at before it sees whether anyone still waits. */
const SEARCH_WINDOW = 2_000;

const allOptions = (prefixes: readonly string[], from: Position | undefined): ReadOptions => {
  const all = new Options.AllOptions();
  if (from === undefined) all.setStart(new shared.Empty());
  else {
    const { commit, prepare } = offsetsOf(from);
    const position = new Options.Position();
    position.setCommitPosition(commit);
    position.setPreparePosition(prepare);
    all.setPosition(position);
  }
  const names = new Options.FilterOptions.Expression();
  names.setPrefixList([...prefixes]);
  const filter = new Options.FilterOptions();
  filter.setStreamIdentifier(names);
  filter.setMax(SEARCH_WINDOW);
  filter.setCheckpointintervalmultiplier(1);
  const options = new Options();
  options.setAll(all);
  options.setFilter(filter);
  return options;
};

/** Events of all streams with one of the prefixes, from a position on and with it. */
export const allRequest = (prefixes: readonly string[], from: Position | undefined, limit: number): ReadRequest => {
  const options = allOptions(prefixes, from);
  options.setCount(String(limit));
  return requestWith(options);
};

/** The newest event of all streams with one of the prefixes. */
export const endRequest = (prefixes: readonly string[]): ReadRequest => {
  const options = allOptions(prefixes, undefined);
  options.getAll()?.setEnd(new shared.Empty());
  options.setReadDirection(Options.ReadDirection.BACKWARDS);
  options.setCount('1');
  return requestWith(options);
};

/** Events of all streams with one of the prefixes, those behind a position and then what follows. */
export const subscriptionRequest = (prefixes: readonly string[], after: Position | undefined): ReadRequest => {
  const options = allOptions(prefixes, after);
  options.setSubscription(new Options.SubscriptionOptions());
  return requestWith(options);
};

const readType = (entry: MessageReader): string | undefined => {
  let [key, value] = ['', ''];
  while (entry.next()) {
    if (entry.field === 1) key = entry.text();
    else if (entry.field === 2) value = entry.text();
  }
  return key === 'type' ? value : undefined;
};

const readName = (identifier: MessageReader): string => {
  while (identifier.next()) if (identifier.field === 3) return identifier.text();
  return '';
};

const readEvent = (recorded: MessageReader): RecordedEvent => {
  let [id, type, body, stream] = ['', '', '', ''];
  let [revision, commit, prepare] = [0, 0, 0]; // what is 0 is not sent
  while (recorded.next()) {
    if (recorded.field === 1) id = readUuid(recorded.message());
    else if (recorded.field === 2) stream = readName(recorded.message());
    else if (recorded.field === 3) revision = recorded.number();
    else if (recorded.field === 4) prepare = recorded.number();
    else if (recorded.field === 5) commit = recorded.number();
    else if (recorded.field === 6) type = readType(recorded.message()) ?? type;
    else if (recorded.field === 8) body = recorded.text();
  }
  return { id, type, body, stream, revision, position: positionOf(commit, prepare) };
};

/** What a `Read` call sends that is no event: that it has begun, has caught up, or found no stream. */
export const NO_EVENT = Symbol('no event');

/** event_store.client.streams.ReadResp: the body comes as the bytes that were stored, not as the JSON that they mean. */
export const decodeReadAnswer = (bytes: Buffer): RecordedEvent | typeof NO_EVENT => {
  const answer = new MessageReader(bytes);
  while (answer.next()) {
    if (answer.field !== 1) continue;
    const read = answer.message();
    while (read.next()) if (read.field === 1) return readEvent(read.message());
  }
  return NO_EVENT;
};
