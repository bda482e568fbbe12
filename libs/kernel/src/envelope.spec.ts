import * as fc from 'fast-check';
import { z } from 'zod';
import { defineEvent, type EventDefinition } from './define-event.js';
import { eventIdOf, hashOf, open, seal, type Cause, type Fact } from './envelope.js';

const Placed = defineEvent('Placed', {
  summary: 'For this test.', version: 3, data: z.object({ amount: z.string(), currency: z.string(), pinned: z.boolean() }),
  upcast: { 1: (v1) => ({ ...v1, currency: 'EUR' }), 2: (v2) => ({ ...v2, pinned: false }) },
});
const definitions = new Map<string, EventDefinition>([[Placed.type, Placed]]);
const cause: Cause = { actor: 'operator:admin', correlationId: 'c-1', causationId: 'PlaceHold/h-1' };
const fact: Fact = { type: 'Placed', data: { amount: '1', currency: 'USD', pinned: true }, recordedAt: '2026-11-21T07:35:00.000Z' };
const genesis = { revision: -1, hash: null };

describe('sealing facts', () => {
  it('stores what was said, who asked, and the instants', () => {
    const { events: [event] } = seal('s-1', genesis, [{ ...fact, occurredAt: '2026-11-21T07:00:00.000Z' }], { ...cause, idempotencyKey: 'k' }, definitions);
    expect(open('Placed', event?.body ?? '', definitions)).toEqual({
      schemaVersion: 3, occurredAt: '2026-11-21T07:00:00.000Z', recordedAt: '2026-11-21T07:35:00.000Z', ...cause, idempotencyKey: 'k', previousHash: null, data: fact.data,
    });
  });

  it('takes what happened as happening when it was recorded, unless told otherwise', () => {
    const { events: [event] } = seal('s-1', genesis, [fact], cause, definitions);
    expect(open('Placed', event?.body ?? '', definitions).occurredAt).toBe(fact.recordedAt);
  });

  it('chains each event to the one before, over the stored bytes', () => {
    const { events, hash } = seal('s-1', genesis, [fact, fact], cause, definitions);
    const hashes = events.map(({ type, body }, revision) => hashOf('s-1', revision, type, body));
    expect(events.map(({ body }) => open('Placed', body, definitions).previousHash)).toEqual([null, hashes[0]]);
    expect(hash).toBe(hashes[1]);
  });

  it('makes one chain, in one go or in pieces', () => {
    fc.assert(fc.property(fc.nat(8), (at) => {
      const facts = Array.from({ length: 8 }, (_, n) => ({ ...fact, data: { amount: String(n) } }));
      const first = seal('s-1', genesis, facts.slice(0, at), cause, definitions);
      const rest = seal('s-1', { revision: at - 1, hash: first.hash }, facts.slice(at), cause, definitions);
      expect([...first.events, ...rest.events]).toEqual(seal('s-1', genesis, facts, cause, definitions).events);
    }));
  });

  it('gives the same event the same id, and any other event another', () => {
    const idOf = (stream: string, revision: number, amount: string, actor = cause.actor) =>
      seal(stream, { revision, hash: null }, [{ ...fact, data: { amount } }], { ...cause, actor }, definitions).events[0]?.id;
    expect(idOf('s-1', -1, '1')).toBe(idOf('s-1', -1, '1'));
    const others = [idOf('s-2', -1, '1'), idOf('s-1', 0, '1'), idOf('s-1', -1, '2'), idOf('s-1', -1, '1', 'scheduler')];
    expect(new Set([idOf('s-1', -1, '1'), ...others]).size).toBe(5);
  });

  it('makes ids that are UUIDs of version 8', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 64, maxLength: 64 }), (hex) => {
      expect(eventIdOf(hex)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }));
  });

  it('refuses an event that is not defined', () => {
    expect(() => seal('s-1', genesis, [{ ...fact, type: 'Unheard' }], cause, definitions)).toThrow('Unheard');
  });
});

describe('opening a stored event', () => {
  const stored = (schemaVersion: number, data: object) => JSON.stringify({ schemaVersion, data });

  it('brings old data up to date step by step', () => {
    expect(open('Placed', stored(1, { amount: '4' }), definitions).data).toEqual({ amount: '4', currency: 'EUR', pinned: false });
    expect(open('Placed', stored(2, { amount: '4', currency: 'USD' }), definitions).data).toEqual({ amount: '4', currency: 'USD', pinned: false });
  });

  it('refuses an event it does not know', () => {
    expect(() => open('Unheard', stored(1, {}), definitions)).toThrow('Unheard');
  });

  it('refuses data of a version newer than it knows, rather than misread money', () => {
    expect(() => open('Placed', stored(4, { amount: '4' }), definitions)).toThrow('version 4');
  });

  it('refuses data of a version without a way up', () => {
    const broken = defineEvent('Placed', { summary: '', version: 3, data: z.object({}), upcast: { 2: (v2) => v2 } });
    expect(() => open('Placed', stored(1, {}), new Map([['Placed', broken as EventDefinition]]))).toThrow('version 1');
  });
});
