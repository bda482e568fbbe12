import { z } from 'zod';
import { BillingError, parseInstant } from '#libs/kernel';

/** The pieces bodies and queries are made of: each bounded, each saying what is allowed. */

/** Ids stand in paths, where a URL swallows `.` and `..`. */
const ID = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,128}$/;

export const idField = z.string().regex(ID, '1 to 128 characters of A-Z a-z 0-9 . _ : -, and not . or ..')
  .meta({ description: 'Chosen by the caller; 1 to 128 of `A-Z a-z 0-9 . _ : -`.' });

const AMOUNT = /^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?$/;
const AMOUNT_ALLOWED = 'a plain decimal string of at most 18 digits before and 12 after the point, without sign or exponent';

/** How many digits after the point an amount may have depends on its unit, so the engine looks again. */
export const amountField = z.string({ error: ({ input }) => (typeof input === 'number' ? `an amount is a string: "${input}"` : undefined) })
  .regex(AMOUNT, AMOUNT_ALLOWED)
  .meta({ description: `An exact amount: ${AMOUNT_ALLOWED}.`, examples: ['20', '0.102384'] });

const TEXT = /^[^\p{Cc}\p{Cs}]*$/u;

/** Text for people or from other systems. PostgreSQL stores no NUL, JSON in UTF-8 no lone surrogate; neither is text. */
export const textField = (max: number): z.ZodString =>
  z.string().min(1).max(max).regex(TEXT, 'text without control characters');

/** An RFC 3339 time, brought to UTC and milliseconds. */
export const instantField = z.string().max(40).transform((text, context) => {
  try {
    return parseInstant(text);
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
  }
  context.issues.push({ code: 'custom', input: text, message: 'an RFC 3339 time such as 2026-11-21T07:35:00Z' });
  return z.NEVER;
}).meta({ type: 'string', format: 'date-time', description: 'RFC 3339; answered in UTC with milliseconds.', examples: ['2026-11-21T07:35:00.000Z'] });

/** A whole number in a query string. */
export const wholeNumberParam = (least: number, most: number) => z.string().regex(/^[0-9]{1,9}$/, `a whole number from ${least} to ${most}`)
  .transform(Number).refine((value) => value >= least && value <= most, `a whole number from ${least} to ${most}`)
  .meta({ type: 'integer', minimum: least, maximum: most });

export const flagParam = z.enum(['true', 'false']).transform((text) => text === 'true').meta({ type: 'boolean' });

/** An object that takes these members and no others. */
export const closedObject = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape, {
  error: ({ code }) => (code === 'unrecognized_keys' ? `not known here; ${Object.keys(shape).length > 0 ? `known are ${Object.keys(shape).join(', ')}` : 'none is known'}` : undefined),
});
