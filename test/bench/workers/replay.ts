import { initialAccount, evolve, type Account } from '#libs/domain';
import { factOf } from '#libs/commands';
import { PostgresEventLog } from '#libs/event-log';
import { answerParent } from '../support/child.js';

/** S6 and the memory of S10: reads the whole log, and folds it or only parses it. */

let log: PostgresEventLog;

const start = async ({ url }: { url: string }): Promise<void> => { log = await PostgresEventLog.open(url); };

export interface Replay {
  readonly events: number;
  readonly perSecond: number;
  /** Highest of what was seen while it ran, in MB. */
  readonly rssMb: number;
  readonly heapMb: number;
  /** Of the last event, so that no work can be optimised away. */
  readonly checksum: string;
}

const SAMPLE_EVERY = 20_000;

class Peak {
  rssMb = 0;
  heapMb = 0;

  sample(): void {
    const { rss, heapUsed } = process.memoryUsage();
    this.rssMb = Math.max(this.rssMb, rss / 2 ** 20);
    this.heapMb = Math.max(this.heapMb, heapUsed / 2 ** 20);
  }
}

const replay = async (events: number, apply: (event: Parameters<typeof factOf>[0]) => void, checksum: () => string): Promise<Replay> => {
  const peak = new Peak();
  let done = 0;
  const begun = performance.now();
  read: for await (const batch of log.readAll()) {
    for (const event of batch) {
      if (event.stream.startsWith('account-')) apply(event);
      done += 1;
      if (done % SAMPLE_EVERY === 0) peak.sample();
      if (done === events) break read;
    }
  }
  peak.sample();
  return { events: done, perSecond: (done * 1_000) / (performance.now() - begun), rssMb: peak.rssMb, heapMb: peak.heapMb, checksum: checksum() };
};

/** Folds every account; checks no hashes. */
const fold = ({ events }: { events: number }): Promise<Replay> => {
  const accounts = new Map<string, Account>();
  return replay(events, (event) => {
    accounts.set(event.stream, evolve(accounts.get(event.stream) ?? initialAccount, factOf(event)));
  }, () => {
    let free = 0n;
    for (const account of accounts.values()) free += account.free;
    return free.toString();
  });
};

const parse = ({ events }: { events: number }): Promise<Replay> => {
  let last: unknown;
  return replay(events, ({ body }) => { last = JSON.parse(body); }, () => (last as { recordedAt: string }).recordedAt);
};

answerParent({ start, fold, parse });
