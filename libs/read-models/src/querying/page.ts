import { BillingError } from '#libs/kernel';

/** Most items of one page. */
export const MAX_LIMIT = 500;

export interface PageRequest {
  readonly limit: number;
  /** Where an earlier page ended. Holds its place while rows are added, and costs the same however deep it is. */
  readonly cursor?: string | undefined;
  /** Items to leave out, for clients that count pages. */
  readonly offset?: number | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Cursors are opaque to callers: the sort key of the last item. */
export const cursorOf = (...key: readonly (string | number)[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

const MOST_INTEGER = 2 ** 31 - 1;
/** Whoever knows how a cursor is made can make one: what no column can hold must not reach the database. */
const isStorable = (part: unknown): boolean => (typeof part === 'number' ? Math.abs(part) <= MOST_INTEGER : !/[\p{Cc}\p{Cs}]/u.test(String(part)));

/** @throws invalid/invalid_request unless it is a cursor over keys of this shape */
export const keyIn = <Key extends readonly unknown[]>(cursor: string, isKey: (key: readonly unknown[]) => key is Key): Key => {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.every(isStorable) && isKey(key)) return key;
  } catch {
    // Refused below, as one that reads but is none of ours.
  }
  throw new BillingError('invalid', 'invalid_request', {
    detail: 'cursor: a cursor as an earlier page gave it', errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
  });
};

/** Makes a page of rows that were read one further than asked for. */
export const pageOf = <Item>(rows: readonly Item[], limit: number, cursorAfter: (item: Item) => string): Page<Item> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? cursorAfter(last) : null };
};
