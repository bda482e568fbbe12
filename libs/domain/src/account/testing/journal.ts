import { open, seal, type Instant, type SealedEvent } from '#libs/kernel';
import type { Catalog } from '../../catalog/index.js';
import type { AccountCommand } from '../commands.js';
import { accountEventDefinitions, type AccountEvent, type AccountFact } from '../events.js';
import { evolve } from '../evolve.js';
import { keysNeeded, keysTouched } from '../ids.js';
import type { Past, PastFact } from '../past.js';
import { initialAccount, type Account } from '../state.js';
import { transition, type Transition } from '../transition.js';

const STREAM = 'account-spec';

/** An account with its log in memory: what the command side does, without queue, log or network. */
export class Journal {
  account: Account = initialAccount;
  /** As stored. */
  readonly events: SealedEvent[] = [];
  /** As read back: what was stored and read, not what was decided, is what the past is made of. */
  readonly facts: PastFact[] = [];
  private readonly uses = new Map<string, PastFact[]>();
  private hash: string | null = null;

  constructor(readonly catalog: Catalog) {}

  /** Decides a command on the account as it stands, and appends what follows. */
  send(command: AccountCommand, now: Instant): Transition {
    const result = this.decide(command, now);
    this.append(result.facts);
    this.account = result.account;
    return result;
  }

  /** What would follow from a command; nothing is appended. */
  decide(command: AccountCommand, now: Instant, account: Account = this.account): Transition {
    return transition(account, command, { now, catalog: this.catalog, past: this.past(command, account) });
  }

  /** The account as it stood after an event, folded from the log. */
  foldTo(revision: number): Account {
    return this.facts.slice(0, revision + 1).reduce<Account>(evolve, initialAccount);
  }

  private past(command: AccountCommand, account: Account): Past {
    const keys = keysNeeded(command, (id) => account.holds.has(id));
    return new Map(keys.flatMap((key) => {
      const facts = this.uses.get(key);
      return facts ? [[key, [...facts]] as const] : [];
    }));
  }

  private append(facts: readonly AccountFact[]): void {
    const after = { revision: this.facts.length - 1, hash: this.hash };
    const cause = { actor: 'spec', correlationId: 'spec', causationId: 'spec' };
    const { events, hash } = seal(STREAM, after, facts, cause, accountEventDefinitions);
    this.hash = hash;
    for (const event of events) {
      const fact = factIn(event, this.facts.length);
      this.events.push(event);
      this.facts.push(fact);
      for (const key of keysTouched(fact)) this.uses.set(key, [...this.uses.get(key) ?? [], fact]);
    }
  }
}

/** A stored event as the domain reads it. */
export const factIn = ({ type, body }: Pick<SealedEvent, 'type' | 'body'>, revision: number): PastFact => {
  const { data, recordedAt, occurredAt } = open<AccountEvent['data']>(type, body, accountEventDefinitions);
  return { type, data, recordedAt, occurredAt, revision } as PastFact;
};
