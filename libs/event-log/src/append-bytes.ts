import { BillingError, type SealedEvent } from '#libs/kernel';

/** What events count against `maxAppendBytes`, in all adapters: bodies in bytes, types twice their length. */
export const appendBytes = (events: readonly SealedEvent[]): number => {
  let bytes = 0;
  for (const { type, body } of events) bytes += Buffer.byteLength(body) + type.length * 2;
  return bytes;
};

/** A character takes at most so many bytes of UTF-8. */
const MOST_BYTES_OF_A_CHARACTER = 3;

/** Whether one append may hold these events. Told without counting bytes wherever the number of characters says enough. */
export const fitsOneAppend = (events: readonly SealedEvent[], most: number): boolean => {
  let characters = 0;
  for (const { type, body } of events) characters += body.length + type.length;
  return characters * MOST_BYTES_OF_A_CHARACTER <= most || appendBytes(events) <= most;
};

export const appendTooLarge = (stream: string, facts: Readonly<Record<string, number>> = {}): BillingError =>
  new BillingError('too_large', 'append_too_large', { detail: `More than the event log takes in one append, to ${stream}.`, ...facts });
