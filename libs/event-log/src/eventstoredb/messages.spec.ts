import { randomUUID } from 'node:crypto';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import * as fc from 'fast-check';
import { batchAnswer, eventAnswer, notFoundAnswer, type BatchAnswer } from '../../../../test/support/eventstoredb/answers.js';
import { decodeAppendAnswer, encodeAppend, type AppendOutcome } from './append-messages.js';
import { positionOf } from './position.js';
import { decodeReadAnswer, NO_EVENT } from './read-messages.js';

/** Whole characters: half a surrogate pair has no bytes, in whatever way it is written. */
const text = fc.string({ unit: 'binary' });
const count = fc.maxSafeNat();
const event = fc.record({ id: fc.uuid(), type: text, body: fc.oneof(text, fc.json()) });

const asBytes = (message: { serializeBinary(): Uint8Array }): Buffer => Buffer.from(message.serializeBinary());
const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('messages are those of the protocol, as the client library writes and reads them:', () => {
  it('an append', () => {
    fc.assert(fc.property(fc.uuid(), text, fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }), fc.array(event), (correlationId, stream, expected, events) => {
      const request = streams.BatchAppendReq.deserializeBinary(encodeAppend({ correlationId, stream, expected, events }));
      const options = request.getOptions();
      expect(request.getCorrelationId()?.getString()).toBe(correlationId);
      expect(request.getIsFinal()).toBe(true);
      expect(utf8(options?.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array())).toBe(stream);
      expect(options?.hasNoStream()).toBe(expected === -1);
      expect(options?.hasDeadline()).toBe(false);
      if (expected >= 0) expect(options?.getStreamPosition()).toBe(String(expected));
      expect(request.getProposedMessagesList().map((message) => ({
        id: message.getId()?.getString(), type: message.getMetadataMap().get('type'), body: utf8(message.getData_asU8()), contentType: message.getMetadataMap().get('content-type'),
      }))).toEqual(events.map((written) => ({ ...written, contentType: 'application/json' })));
    }));
  });

  it('an append with the largest lengths', () => {
    for (const length of [127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const events = [{ id: randomUUID(), type: 't', body: '€'.repeat(length / 3) + 'x'.repeat(length % 3) }];
      const request = streams.BatchAppendReq.deserializeBinary(encodeAppend({ correlationId: randomUUID(), stream: 's', expected: -1, events }));
      expect(request.getProposedMessagesList()[0]?.getData_asU8()).toHaveLength(length);
    }
  });

  const outcomes: [BatchAnswer, AppendOutcome][] = [
    [{ kind: 'done', revision: 0, position: 0 }, { kind: 'appended', revision: 0, position: positionOf(0, 0) }],
    [{ kind: 'done', revision: 4_294_967_296, position: 9_007_199_254_740_991 }, { kind: 'appended', revision: 4_294_967_296, position: positionOf('9007199254740991', '9007199254740991') }],
    [{ kind: 'wrong-expected-version', actual: -1 }, { kind: 'elsewhere', actual: -1 }],
    [{ kind: 'wrong-expected-version', actual: 0 }, { kind: 'elsewhere', actual: 0 }],
    [{ kind: 'wrong-expected-version', actual: 300 }, { kind: 'elsewhere', actual: 300 }],
    [{ kind: 'timeout' }, { kind: 'refused', reason: 'Timeout', message: '' }],
    [{ kind: 'stream-deleted' }, { kind: 'refused', reason: 'StreamDeleted', message: '' }],
    [{ kind: 'too-large', most: 1_048_576 }, { kind: 'refused', reason: 'MaximumAppendSizeExceeded', message: '' }],
    [{ kind: 'not-handled', message: 'Server Is Not Ready' }, { kind: 'refused', reason: 'Empty', message: 'Server Is Not Ready' }],
  ];

  it.each(outcomes)('the answer %j', (answer, outcome) => {
    const [asText, correlationId] = [new shared.UUID(), 'f1e2d3c4-0000-4abc-8def-000102030405'];
    asText.setString(correlationId);
    const response = batchAnswer(asText, 'account-ä', answer);
    expect(decodeAppendAnswer(asBytes(response))).toEqual({ correlationId, outcome });
    // A server that times out says the id in two halves with a sign.
    const [inHalves, halves] = [new shared.UUID(), new shared.UUID.Structured()];
    halves.setMostSignificantBits(BigInt.asIntN(64, 0xf1e2d3c400004abcn).toString());
    halves.setLeastSignificantBits(BigInt.asIntN(64, 0x8def000102030405n).toString());
    inHalves.setStructured(halves);
    const other = batchAnswer(inHalves, 'account-ä', answer);
    expect(decodeAppendAnswer(asBytes(other))).toEqual({ correlationId, outcome });
  });

  it('an event', () => {
    fc.assert(fc.property(event, text, count, count, text, ({ id, type, body }, stream, revision, position, metadata) => {
      const answer = eventAnswer({
        id, type, stream, revision, position, contentType: 'application/json', created: '16000000000000000', data: Buffer.from(body), metadata: Buffer.from(metadata),
      });
      expect(decodeReadAnswer(asBytes(answer))).toEqual({ id, type, body, stream, revision, position: positionOf(position, position) });
    }));
  });

  it('what is no event, and what later versions add', () => {
    const [notFound, caughtUp, unknown] = [notFoundAnswer('account-1'), new streams.ReadResp(), new streams.ReadResp()];
    caughtUp.setCaughtUp(new streams.ReadResp.CaughtUp());
    for (const answer of [notFound, caughtUp, unknown]) expect(decodeReadAnswer(asBytes(answer))).toBe(NO_EVENT);
    const laterFields = Buffer.from([0xf8, 0x07, 0x05, 0xfa, 0x07, 0x02, 0x01, 0x02, 0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8, 0xfd, 0x07, 1, 2, 3, 4]);
    expect(decodeReadAnswer(Buffer.concat([laterFields, asBytes(notFound)]))).toBe(NO_EVENT);
  });

  it('what is cut off is no message', () => {
    const answer = batchAnswer(undefined, 'account-1', { kind: 'done', revision: 1, position: 1 });
    const bytes = asBytes(answer);
    expect(() => decodeAppendAnswer(bytes.subarray(0, 1))).toThrow('cut off');
  });
});
