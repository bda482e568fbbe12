import { seal, type EventDefinition } from '#libs/kernel';
import { fromMessage, toMessage, UnreadableMessage, type IncomingMessage } from './event-message.js';

const LOG = '0b0e7b52-5f0c-4c1b-9a52-6b6a1d1a2f10';
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const event = { stream: 'account-ärger/1', revision: 42, id: 'e-1', type: 'HoldPlaced', body: '{"n":"1.50 €"}', position: '0000000000000043' };

/** As a broker gives it back. */
const received = (message = toMessage(event, LOG)): IncomingMessage => ({
  key: Buffer.from(message.key), value: Buffer.from(message.value), offset: '7',
  headers: Object.fromEntries(Object.entries(message.headers).map(([name, text]) => [name, Buffer.from(text)])),
});

const sealed = (traceparent: string | undefined, data: unknown): string => {
  const definitions = new Map([['Tested', { version: 1 } as EventDefinition]]);
  const cause = { actor: 'a', correlationId: 'c', causationId: '","traceparent":"x', traceparent };
  const { events: [sealedEvent] } = seal('account-a', { revision: -1, hash: null }, [{ type: 'Tested', data, recordedAt: '2026-01-01T00:00:00.000Z' }], cause, definitions);
  return sealedEvent?.body ?? '';
};

describe('an event as a message', () => {
  it('comes back as it was, with the log it stands in', () => expect(fromMessage(received())).toEqual({ ...event, logId: LOG }));

  it('has the stream as its key, so that a stream stays in one partition', () => expect(toMessage(event, LOG).key).toBe(event.stream));

  it('carries the trace that it was recorded in', () => {
    expect(toMessage({ ...event, body: sealed(TRACE, {}) }, LOG).headers).toMatchObject({ traceparent: TRACE });
  });

  it.each([
    ['there is none', undefined, {}], ['the data has one of its own', undefined, { a: 1, traceparent: TRACE }], ['it is no trace context', 'nonsense', {}],
  ])('carries no trace where %s', (_, traceparent, data) => {
    expect(toMessage({ ...event, body: sealed(traceparent, data) }, LOG).headers).not.toHaveProperty('traceparent');
  });
});

describe('a message that no relay sent', () => {
  const headers = received().headers;
  it.each<[string, Partial<IncomingMessage>]>([
    ['has no key', { key: null }],
    ['has no value', { value: null }],
    ['is not UTF-8', { value: Buffer.from([0x7b, 0xff]) }],
    ['has no header id', { headers: { ...headers, id: undefined } }],
    ['has no header log', { headers: { ...headers, log: undefined } }],
    ['has more than one header type', { headers: { ...headers, type: ['a', 'b'] } }],
    ['has the revision "1.5"', { headers: { ...headers, revision: '1.5' } }],
    ['has the revision "-1"', { headers: { ...headers, revision: '-1' } }],
  ])('is refused: it %s', (detail, change) => {
    const message = { ...received(), ...change };
    expect(() => fromMessage(message)).toThrow(UnreadableMessage);
    expect(() => fromMessage(message)).toThrow(`${detail}; only a relay`);
  });
});
