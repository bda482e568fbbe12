import { bodiesOf, RowWriter, type BodySizes, type Row } from '../servers/rows.js';
import { accountIdOf } from '../load/conversations.js';
import { answerParent } from '../support/child.js';

/** S2's floor: the same rows, inserted on one connection in batches of as many as there are callers. */

let writer: RowWriter;
let bodies: { hold: string; settle: string };
let made = 0;

const start = async ({ url, sizes }: { url: string; sizes: BodySizes }): Promise<void> => {
  writer = await RowWriter.open(url);
  bodies = bodiesOf(sizes);
};

const nextRow = (accounts: number): Row => {
  const number = (made += 1);
  const stream = `account-${accountIdOf((number * 7_919) % accounts)}`;
  return number % 2 === 0 ? { stream, type: 'UsageSettled', body: bodies.settle } : { stream, type: 'HoldPlaced', body: bodies.hold };
};

/** @returns rows a second */
const run = async ({ batch, accounts, warmUpMs, measureMs }: { batch: number; accounts: number; warmUpMs: number; measureMs: number }): Promise<number> => {
  const from = performance.now() + warmUpMs;
  const to = from + measureMs;
  let done = 0;
  for (let now = performance.now(); now < to; now = performance.now()) {
    await writer.insert(Array.from({ length: batch }, () => nextRow(accounts)));
    if (now >= from) done += batch;
  }
  return (done * 1_000) / measureMs;
};

answerParent({ start, run });
