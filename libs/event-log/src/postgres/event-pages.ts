import type { Pool } from 'pg';
import type { RecordedEvent } from '../event-log.js';
import { ignored, selectRows, type Statement } from './database.js';
import { positionOf } from './position.js';

type Row = [position: string, revision: string, id: string, stream: string, type: string, body: string];
type FetchPage = (after: number, limit: number) => Promise<RecordedEvent[]>;

const COLUMNS = 'position, revision, id, stream, type, body';
const OF_ALL: Statement = { name: 'all', text: `SELECT ${COLUMNS} FROM log.events WHERE position > $1 ORDER BY position LIMIT $2` };
const OF_STREAM: Statement = { name: 'stream', text: `SELECT ${COLUMNS} FROM log.events WHERE stream = $1 AND revision > $2 ORDER BY revision LIMIT $3` };

const fetchPage = async (pool: Pool, statement: Statement, values: unknown[]): Promise<RecordedEvent[]> => {
  const rows = await selectRows<Row>(pool, statement, values);
  return rows.map(([position, revision, id, stream, type, body]) => (
    { id, type, body, stream, revision: Number(revision), position: positionOf(position) }
  ));
};

/** Before anything is known of how large the events are. */
const FIRST_PAGE = 100;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** As many events as `most`, or fewer where the last page's were so large that memory would not be bounded. */
const nextPageSize = (page: readonly RecordedEvent[], most: number): number => {
  let characters = 1;
  for (const { body } of page) characters += body.length;
  return Math.max(1, Math.min(most, Math.floor((MOST_CHARACTERS * page.length) / characters)));
};

/** Reads page by page until a page is short. The next one is on its way while the reader works on the last. */
async function* inPages(
  fetch: FetchPage, keyOf: (event: RecordedEvent) => number, after: number, limit: number, pageSize: number,
): AsyncGenerator<readonly RecordedEvent[], void> {
  const ahead = (from: number, size: number): Promise<RecordedEvent[]> => {
    const page = fetch(from, size);
    page.catch(ignored); // the reader may leave before it is awaited
    return page;
  };
  let left = limit;
  let size = Math.min(FIRST_PAGE, pageSize, left);
  let next = ahead(after, size);
  while (left > 0) {
    const page = await next;
    const last = page.at(-1);
    if (!last) return;
    const isLast = page.length < size || page.length === left;
    left = isLast ? 0 : left - page.length;
    if (!isLast) {
      size = Math.min(nextPageSize(page, pageSize), left);
      next = ahead(keyOf(last), size);
    }
    yield page;
  }
}

export const pagesOfAll = (pool: Pool, after: number, pageSize: number): AsyncGenerator<readonly RecordedEvent[], void> =>
  inPages((from, size) => fetchPage(pool, OF_ALL, [from, size]), ({ position }) => Number(position), after, Infinity, pageSize);

export const pagesOfStream = (
  pool: Pool, stream: string, from: number, limit: number, pageSize: number,
): AsyncGenerator<readonly RecordedEvent[], void> =>
  inPages((after, size) => fetchPage(pool, OF_STREAM, [stream, after, size]), ({ revision }) => revision, from - 1, limit, pageSize);
