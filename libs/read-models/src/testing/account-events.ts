import { instantOf, seal, type Instant, type SealedEvent } from '#libs/kernel';
import { accountEventDefinitions, accountStream, evolve, initialAccount, type Account, type AccountFact } from '#libs/domain';
import type { EventLog } from '#libs/event-log';
import type { Step } from '../../../domain/src/account/testing/histories.js';
import { Journal } from '../../../domain/src/account/testing/journal.js';
import { dollars, START } from '../../../domain/src/account/testing/catalogs.js';
import * as send from '../../../domain/src/account/testing/commands.js';

export { dollars, START };

/** What a history of commands leaves in the log, and the account it leads to. */
export const eventsOf = (steps: readonly Step[], catalog = dollars): { readonly events: readonly SealedEvent[]; readonly account: Account; readonly facts: readonly AccountFact[] } => {
  const journal = new Journal(catalog);
  for (const { command, now } of steps) journal.send(command, now);
  return { events: journal.events, account: journal.account, facts: journal.facts };
};

/** Hold and settle, again and again, of one account. */
export const busySteps = (rounds: number): Step[] => {
  const steps: Step[] = [{ now: START, command: send.openAccount }, { now: START, command: send.buy('p', '1000000') }];
  for (let round = 0; round < rounds; round += 1) {
    const now = instantOf(Date.parse(START) + round * 100);
    steps.push({ now, command: send.hold(`h-${round}`, '2') }, { now, command: send.settle(`h-${round}`, '1.5', { facts: { statusCode: 200, group: 'chat' } }) });
  }
  return steps;
};

/** Appends a history to an account's stream, some events at a time. */
export const appendAll = async (log: EventLog, accountId: string, events: readonly SealedEvent[], atOnce = 50): Promise<void> => {
  for (let at = 0; at < events.length; at += atOnce) await log.append(accountStream(accountId), events.slice(at, at + atOnce), at - 1);
};

const CAUSE = { actor: 'operator:gateway', correlationId: 'c', causationId: 'c' };

/** Events out of facts that a test makes up. */
export const sealed = (accountId: string, facts: readonly (AccountFact & { readonly actor?: string })[]): SealedEvent[] => {
  const events: SealedEvent[] = [];
  let hash: string | null = null;
  for (const [at, { actor = CAUSE.actor, ...fact }] of facts.entries()) {
    const next = seal(accountStream(accountId), { revision: at - 1, hash }, [fact], { ...CAUSE, actor }, accountEventDefinitions);
    events.push(...next.events);
    hash = next.hash;
  }
  return events;
};

export const accountOf = (facts: readonly AccountFact[]): Account => facts.reduce(evolve, initialAccount);
export type { Step, Instant };
