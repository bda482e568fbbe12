import { z } from 'zod';

/** The pieces answers are made of. */
export const amount = z.string().meta({ description: 'An exact decimal in the account\'s unit.' });
export const instant = z.string().meta({ format: 'date-time' });
export const position = z.string().meta({ description: 'How far the account had got. Sent back as `Meterbook-Min-Position`, a read shows at least this.' });
export const money = z.object({ amount: z.string(), currency: z.string() });

/** A list's answer: one page, and where the next begins. */
export const pageOf = <Item extends z.ZodType>(item: Item) => z.object({
  items: z.array(item), nextCursor: z.string().nullable().meta({ description: 'Send it as `cursor` to read on; null at the end.' }),
});
