import { z } from 'zod';
import { formatDecimal, parseDecimal } from '#libs/money';

const PLAIN = /^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?$/;

const isPositive = (text: string): boolean => /[1-9]/.test(text);

/** A price or quantity as a rate card states it; kept without trailing zeros, so that "4.00" is the same card as "4". */
export const decimalSchema = z.string()
  // Aborting spares the checks of what contains it, which reckon with it.
  .regex(PLAIN, { abort: true, error: 'a plain decimal string: at most 12 digits before and after the point' })
  .overwrite((text) => formatDecimal(parseDecimal(text)));

export const positiveDecimalSchema = decimalSchema.refine(isPositive, { abort: true, error: 'more than zero' });
