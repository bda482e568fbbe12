import { z } from 'zod';
import { closedObject, idField, instantField, wholeNumberParam } from '#libs/http';

export const accountParams = closedObject({ accountId: idField });

/** Most items of one page. */
export const MAX_LIMIT = 500;
export const limitField = wholeNumberParam(1, MAX_LIMIT).default(100);
export const cursorField = z.string().regex(/^[A-Za-z0-9_-]{1,512}$/, 'a cursor as an earlier page gave it').optional()
  .meta({ description: '`nextCursor` of the page before.' });
export const offsetField = wholeNumberParam(0, 100_000_000).optional()
  .meta({ description: 'Items to skip, where pages are numbered. A cursor is faster, and does not shift when new items come in.' });

/** A half-open stretch of time, `[from, to)`. */
export const periodFields = {
  from: instantField.optional().meta({ description: 'From this instant on.' }),
  to: instantField.optional().meta({ description: 'Up to this instant, which is not included.' }),
};
