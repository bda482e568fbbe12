import { factOf } from '#libs/commands';
import type { EventLog } from '#libs/event-log';
import type { SteadyLoad } from './steady-load.js';
import { until } from './until.js';

/** Events of each account, by type and the id that its caller gave. */
type Accounts = ReadonlyMap<string, readonly string[]>;

/**
 * Waits until each account has what its callers were told, and the ends of the holds that nobody closed.
 * @returns how many events that is
 * @throws unless each of them is there once, and nothing else is
 */
export const untilInLog = async (log: EventLog, { expected }: SteadyLoad): Promise<number> => {
  const wanted = new Map([...expected].map(([account, { events }]) => [account, events]));
  let found: Accounts = new Map();
  await until('every hold that nobody closed has ended', async () => {
    found = await eventsIn(log);
    return sizeOf(found) >= sizeOf(wanted);
  }, { otherwise: () => differences(wanted, found).join('\n') });
  expect(differences(wanted, found)).toEqual([]);
  return sizeOf(found);
};

const eventsIn = async (log: EventLog): Promise<Accounts> => {
  const found = new Map<string, string[]>();
  for await (const events of log.readAll()) {
    for (const event of events) {
      if (!event.stream.startsWith('account-')) continue;
      const account = event.stream.slice('account-'.length);
      const { type, data } = factOf(event);
      const { holdId, chargeId, purchaseId, refundId } = data as Partial<Record<'holdId' | 'chargeId' | 'purchaseId' | 'refundId', string>>;
      const named = [type, holdId ?? chargeId ?? purchaseId ?? refundId].filter((part) => part !== undefined).join(' ');
      const before = found.get(account);
      if (before) before.push(named);
      else found.set(account, [named]);
    }
  }
  return found;
};

const sizeOf = (accounts: Accounts): number => [...accounts.values()].reduce((sum, { length }) => sum + length, 0);

/** What is missing, and what is there too often, in words. */
const differences = (wanted: Accounts, found: Accounts): string[] =>
  [...new Set([...wanted.keys(), ...found.keys()])].flatMap((account) => {
    const count = new Map<string, number>();
    for (const event of found.get(account) ?? []) count.set(event, (count.get(event) ?? 0) + 1);
    for (const event of wanted.get(account) ?? []) count.set(event, (count.get(event) ?? 0) - 1);
    return [...count].filter(([, times]) => times !== 0).map(([event, times]) => `${account}: ${event} is ${times < 0 ? 'missing' : 'too much'} (${Math.abs(times)})`);
  });
