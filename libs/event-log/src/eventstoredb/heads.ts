import type { AppendStream } from './append-stream.js';
import { refusalFault } from './faults.js';

/** No stream gets that far, so an append that expects it is refused with where the stream is. */
export const OUT_OF_REACH = Number.MAX_SAFE_INTEGER;

/**
 * The revision a stream is at, -1 where there is none. Asked by an append of nothing that cannot succeed: it writes
 * nothing, goes the same way as appends at the price of one message, brings no event along, and counts also what is
 * written but not yet to be read, so that it is never behind.
 */
export const headOf = async (appends: AppendStream, stream: string): Promise<number> => {
  const outcome = await appends.send(stream, OUT_OF_REACH, []);
  if (outcome.kind === 'elsewhere' && outcome.actual < OUT_OF_REACH) return outcome.actual;
  if (outcome.kind === 'elsewhere') throw refusalFault(stream, 'StreamDeleted', ''); // newer servers say it like this
  if (outcome.kind === 'refused') throw refusalFault(stream, outcome.reason, outcome.message);
  throw new Error(`EventStoreDB took an append to ${stream} at a revision that it cannot have`);
};
