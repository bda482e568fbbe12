import { setImmediate as nextTurn } from 'node:timers/promises';

let latest: Promise<unknown> = Promise.resolve();

/**
 * Waits for a turn of the event loop in which no other long answer does its work. Who makes a long answer takes one
 * before each slice of a few milliseconds: however many are under way, a command waits for one slice at a time.
 */
export const turnOfItsOwn = (): Promise<unknown> => {
  latest = latest.then(() => nextTurn());
  return latest;
};

/** Pages, a slice in each turn of its own. */
export async function* inTurns<Item>(pages: AsyncIterable<readonly Item[]>, atOnce: number): AsyncGenerator<readonly Item[], void> {
  for await (const page of pages) {
    for (let start = 0; start < page.length; start += atOnce) {
      await turnOfItsOwn();
      yield page.slice(start, start + atOnce);
    }
  }
}
