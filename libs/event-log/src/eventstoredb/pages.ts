import type { RecordedEvent } from '../event-log.js';
import { ignored } from './faults.js';

type FetchPage = (after: RecordedEvent | undefined, size: number) => Promise<readonly RecordedEvent[]>;

const FIRST_PAGE = 200;
const LARGEST_PAGE = 1_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Fewer where the last page's events were so large that memory would not be bounded. */
const nextPageSize = (page: readonly RecordedEvent[]): number => {
  let characters = 1;
  for (const { body } of page) characters += body.length;
  return Math.max(1, Math.min(LARGEST_PAGE, Math.floor((MOST_CHARACTERS * page.length) / characters)));
};

/** Reads page by page until a page is short, and gives them in batches. The next page is on its way while the reader works on the last. */
export async function* inBatches(fetch: FetchPage, limit: number, batchSize: number): AsyncGenerator<readonly RecordedEvent[], void> {
  for await (const page of inPages(fetch, limit)) {
    if (page.length <= batchSize) yield page;
    else for (let at = 0; at < page.length; at += batchSize) yield page.slice(at, at + batchSize);
  }
}

async function* inPages(fetch: FetchPage, limit: number): AsyncGenerator<readonly RecordedEvent[], void> {
  const ahead = (after: RecordedEvent | undefined, size: number): Promise<readonly RecordedEvent[]> => {
    const page = fetch(after, size);
    page.catch(ignored); // the reader may leave before it is awaited
    return page;
  };
  let left = limit;
  let size = Math.min(FIRST_PAGE, left);
  if (left <= 0) return;
  let next = ahead(undefined, size);
  while (left > 0) {
    const page = await next;
    if (page.length === 0) return;
    const isLast = page.length < size || page.length === left;
    left = isLast ? 0 : left - page.length;
    if (!isLast) {
      size = Math.min(nextPageSize(page), left);
      next = ahead(page.at(-1), size);
    }
    yield page;
  }
}
