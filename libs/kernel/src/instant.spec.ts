import * as fc from 'fast-check';
import { addMs, epochMsOf, instantOf, later, parseInstant } from './instant.js';

const epochMs = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(9999, 11, 31) });

describe('an instant', () => {
  it('sorts as text the way it sorts as time', () => {
    fc.assert(fc.property(epochMs, epochMs, (a, b) => {
      expect(instantOf(a) < instantOf(b)).toBe(a < b);
      expect(later(instantOf(a), instantOf(b))).toBe(instantOf(Math.max(a, b)));
    }));
  });

  it('is the same after being written and read', () => {
    fc.assert(fc.property(epochMs, (ms) => {
      expect(epochMsOf(instantOf(ms))).toBe(ms);
      expect(parseInstant(instantOf(ms))).toBe(instantOf(ms));
    }));
  });

  it('moves by milliseconds', () => {
    expect(addMs('2026-02-28T23:59:59.999Z', 1)).toBe('2026-03-01T00:00:00.000Z');
  });
});

describe('parsing a time', () => {
  it.each([
    ['2026-11-21T07:35:00Z', '2026-11-21T07:35:00.000Z'],
    ['2026-11-21t07:35:00z', '2026-11-21T07:35:00.000Z'],
    ['2026-11-21 07:35:00Z', '2026-11-21T07:35:00.000Z'],
    ['2026-11-21T09:35:00+02:00', '2026-11-21T07:35:00.000Z'],
    ['2026-11-20T23:35:00-08:00', '2026-11-21T07:35:00.000Z'],
    ['2026-11-21T07:35:00.5Z', '2026-11-21T07:35:00.500Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('takes %s', (text, instant) => expect(parseInstant(text)).toBe(instant));

  it('cuts what is below a millisecond, so that a time stays in its period', () => {
    expect(parseInstant('2026-11-30T23:59:59.9999999Z')).toBe('2026-11-30T23:59:59.999Z');
  });

  it.each([
    '', 'yesterday', '2026-11-21', '2026-11-21T07:35:00', '2026-11-21T07:35Z', '2026-13-01T00:00:00Z', '2026-11-21T25:00:00Z',
    '2026-11-21T07:60:00Z', '2026-11-21T07:35:60Z', '2026-11-21T07:35:00+24:00', '+012026-11-21T07:35:00Z', '0000-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59-01:00',
  ])('refuses %j', (text) => expect(() => parseInstant(text)).toThrow(expect.objectContaining({ code: 'invalid_request' })));

  it.each(['2026-02-30T00:00:00Z', '2026-02-29T12:00:00+01:00', '2026-11-21T24:00:00Z', '2026-11-21T24:00:00+02:00', '2026-04-31T23:00:00-05:00'])(
    'refuses %s, which no calendar has, instead of taking the next day',
    (text) => expect(() => parseInstant(text, 'expiresAt')).toThrow(expect.objectContaining({ code: 'invalid_request' })));
});
