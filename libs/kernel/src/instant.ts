import { BillingError } from './billing-error.js';

/**
 * A point in time as `2026-11-21T07:35:00.000Z`: always UTC, always milliseconds, so that text order is time order and
 * a fold compares instants without parsing them.
 */
export type Instant = string;

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** The last instant written: a busy engine asks for the same millisecond many times over. */
let last = { epochMs: 0, instant: new Date(0).toISOString() };

export const instantOf = (epochMs: number): Instant => {
  if (epochMs !== last.epochMs) last = { epochMs, instant: new Date(epochMs).toISOString() };
  return last.instant;
};
export const epochMsOf = (instant: Instant): number => Date.parse(instant);
export const addMs = (instant: Instant, ms: number): Instant => instantOf(epochMsOf(instant) + ms);
export const later = (a: Instant, b: Instant): Instant => (a < b ? b : a);

/**
 * Normalises an RFC 3339 time; digits below a millisecond are cut, never rounded, so that a time stays in its period.
 * @throws invalid/invalid_request
 */
export const parseInstant = (text: string, path = 'time'): Instant => {
  const match = RFC3339.exec(text);
  const instant = match ? instantIn(match) : undefined;
  if (instant === undefined) {
    throw new BillingError('invalid', 'invalid_request', {
      detail: `${path}: an RFC 3339 time such as 2026-11-21T07:35:00Z`, errors: [{ path, message: 'not an RFC 3339 time' }],
    });
  }
  return instant;
};

const instantIn = ([, date, time, fraction = '', zone = '']: RegExpExecArray): Instant | undefined => {
  const local = `${date}T${time}`;
  const epochMs = Date.parse(`${local}.${fraction.padEnd(3, '0').slice(0, 3)}${zone.toUpperCase()}`);
  if (Number.isNaN(epochMs)) return undefined;
  // Date rolls 30 February over to March; a caller's typo must not move money to another day.
  const inCalendar = instantOf(Date.parse(`${local}Z`)).startsWith(local);
  const instant = instantOf(epochMs);
  return inCalendar && instant.length === 24 ? instant : undefined;
};
