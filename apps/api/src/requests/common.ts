import { z } from 'zod';
import type { Instant } from '#libs/kernel';
import { closedObject, idField, instantField, wholeNumberParam } from '#libs/http';

export const accountParams = closedObject({ accountId: idField });

/** Most items of one page. */
export const MAX_LIMIT = 500;
export const DEFAULT_LIMIT = 100;
const limit = wholeNumberParam(1, MAX_LIMIT);
const limitMeaning = { description: `Items of a page; ${DEFAULT_LIMIT} when left out.` };
export const limitField = limit.default(DEFAULT_LIMIT).meta(limitMeaning);
export const cursorField = z.string().regex(/^[A-Za-z0-9_-]{1,512}$/, 'a cursor as an earlier page gave it').optional()
  .meta({ description: '`nextCursor` of the page before.' });
export const offsetField = wholeNumberParam(0, 100_000_000).optional()
  .meta({ description: 'Items to skip, where pages are numbered. A cursor is faster, and does not shift when new items come in.' });

/** Of lists that are also answered as a file. */
export const pagingOrFile = {
  limit: limit.optional().meta(limitMeaning), cursor: cursorField, offset: offsetField,
  format: z.enum(['json', 'csv']).default('json').meta({ description: '`csv` streams all of them, so it takes no `limit`, `cursor` or `offset`.' }),
};

interface PagingOrFile { readonly format: 'json' | 'csv'; readonly limit?: unknown; readonly cursor?: unknown; readonly offset?: unknown }

/** Whoever asks for a part must not take the whole for it. */
export const refusePagesOfFile = (query: PagingOrFile, context: z.RefinementCtx): void => {
  if (query.format !== 'csv') return;
  for (const name of ['limit', 'cursor', 'offset'] as const) {
    if (query[name] !== undefined) context.addIssue({ code: 'custom', path: [name], message: 'not with format=csv, which answers all of them' });
  }
};

/** A half-open stretch of time, `[from, to)`. */
export const periodFields = {
  from: instantField.optional().meta({ description: 'From this instant on.' }),
  to: instantField.optional().meta({ description: 'Up to this instant, which is not included.' }),
};

export const refuseBackwardPeriod = ({ from, to }: { readonly from?: Instant | undefined; readonly to?: Instant | undefined }, context: z.RefinementCtx): void => {
  if (from !== undefined && to !== undefined && from > to) context.addIssue({ code: 'custom', path: ['to'], message: 'not before from' });
};
