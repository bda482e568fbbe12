import { z } from 'zod';
import { amount } from './fields.js';

export const breakdownField = z.array(z.object({
  component: z.string(), quantity: z.string().meta({ description: 'What was billed, after increments and minimum.' }), unitPrice: z.string(), amount,
})).meta({ description: 'How the price came about; its amounts add up to it before the one rounding.' });

export const rateCardField = z.object({ catalog: z.string(), version: z.int() }).meta({ description: 'The version of the prices that was used.' });
