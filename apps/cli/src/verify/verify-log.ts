import type { EventLog, StreamMemory } from '#libs/event-log';
import { checkAccount } from './account-check.js';
import { checkCatalog, checkRegistry } from './catalog-check.js';
import { LogCheck } from './log-check.js';

/** Goes through `total` events, or as many as there are, telling how many more it has seen. */
export type Pass = (title: string, total: number | undefined, work: (advance: (events: number) => void) => Promise<void>) => Promise<void>;

export interface Verified {
  readonly events: number;
  /** Of them, in streams of accounts. */
  readonly ofAccounts: number;
  readonly accounts: number;
  readonly catalogs: number;
}

/**
 * Checks a log with its snapshots and id index: once in the order of the log, once account by account, so that one
 * account at a time is in memory. An engine may be at work meanwhile.
 * @param counted see {@link LogCheck}
 * @throws Difference for the first thing that is otherwise
 */
export const verifyLog = async (log: EventLog, memory: StreamMemory, pass: Pass, { counted = true }: { readonly counted?: boolean } = {}): Promise<Verified> => {
  const check = new LogCheck(counted);
  await pass('hash chains', counted ? Number(await log.end() ?? 0) : undefined, async (advance) => {
    for await (const page of log.readAll()) {
      for (const event of page) check.check(event);
      advance(page.length);
    }
  });
  const accounts = check.streamsOf('account');
  const catalogs = check.streamsOf('catalog');
  await checkRegistry(log, new Set(catalogs));
  for (const stream of catalogs) await checkCatalog(stream, log);
  await pass('accounts', check.events, async (advance) => {
    for (const stream of accounts) await checkAccount(stream, { log, memory, onEvents: advance });
  });
  return { events: check.events, ofAccounts: check.eventsOf(accounts), accounts: accounts.length, catalogs: catalogs.length };
};
