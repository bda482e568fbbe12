import { canonicalJson } from '#libs/kernel';
import { formatAmount } from '#libs/money';
import {
  ACCOUNT_SNAPSHOT_VERSION, balanceOf, evolve, imbalanceOf, initialAccount, keysTouched, saveAccount, type Account, type AccountFact,
} from '#libs/domain';
import type { EventLog, IdUse, Snapshot, StreamMemory } from '#libs/event-log';
import { factOf } from '#libs/commands';
import { at, Difference, plainMessage, same } from './difference.js';

/** Keys looked up in the id index at once. */
const LOOK_UP = 1_000;
/** Grants and holds that are added up for each event, on average: an account with 10,000 open holds must not take all day. */
const ADDED_UP = 200;

export interface AccountCheckParts {
  readonly log: EventLog;
  readonly memory: StreamMemory;
  /** Told how many events more were folded. */
  readonly onEvents: (count: number) => void;
}

/**
 * Folds an account from its first event. At every revision money is conserved and the balance that the event states is
 * the balance of the fold; grants and holds add up (in an account with very many of them, not at each revision); the
 * stored snapshot is the fold at its revision; and the id index has every id used up to it.
 */
export const checkAccount = async (stream: string, { log, memory, onEvents }: AccountCheckParts): Promise<Account> => {
  const snapshot = await memory.load(stream);
  const index = new IndexCheck(stream, memory);
  let account = initialAccount;
  let addUp = 0;
  for await (const events of log.read(stream)) {
    for (const event of events) {
      const fact = factOf(event);
      const { revision } = event;
      account = fold(account, fact, at(stream, revision));
      addUp += ADDED_UP;
      if (addUp >= partsOf(account)) {
        addUp = 0;
        checkSums(account, at(stream, revision));
      }
      if (snapshot && revision <= snapshot.revision) await index.expect(keysTouched(fact).map((key) => ({ key, revision })));
      if (snapshot && revision === snapshot.revision) checkSnapshot(stream, snapshot, account);
    }
    onEvents(events.length);
  }
  await index.flush();
  checkSums(account, at(stream, account.revision));
  if (snapshot && snapshot.revision > account.revision) throw new Difference(`${stream}, its snapshot`, `one of a revision up to ${account.revision}`, `revision ${snapshot.revision}`);
  return account;
};

const fold = (before: Account, fact: AccountFact, where: string): Account => {
  let account: Account;
  try {
    account = evolve(before, fact);
  } catch (error) {
    throw new Difference(`${where}, ${fact.type}`, 'an event that follows from those before it', plainMessage(error));
  }
  const { remaining, held, debt } = balanceOf(account);
  const { credited, spent, expired, refundedOut } = account.totals;
  same(`${where}, credited less spent, expired and refunded after ${fact.type}`, formatAmount(credited - spent - expired - refundedOut), formatAmount(remaining));
  if ('balance' in fact.data) {
    const folded = { debt: formatAmount(debt), held: formatAmount(held), remaining: formatAmount(remaining) };
    same(`${where}, the balance after ${fact.type}`, canonicalJson(folded), canonicalJson(fact.data.balance));
  }
  return account;
};

const partsOf = ({ grants, holds }: Account): number => grants.length + holds.size;

const checkSums = (account: Account, where: string): void => {
  const imbalance = imbalanceOf(account);
  if (imbalance !== undefined) throw new Difference(where, 'grants and holds to add up', imbalance);
};

const checkSnapshot = (stream: string, { revision, version, state }: Snapshot, account: Account): void => {
  // Of another version it is not used.
  if (version === ACCOUNT_SNAPSHOT_VERSION) same(`${at(stream, revision)}, its snapshot`, comparable(saveAccount(account)), comparable(state));
};

/** Sets of a state are written in any order. */
const comparable = (state: string): string => {
  const { emptyGrants, holds, ...rest } = JSON.parse(state) as { emptyGrants: { key: string }[]; holds: { id: string }[] };
  const by = <Item>(items: readonly Item[], key: (item: Item) => string): Item[] => items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return canonicalJson({ ...rest, emptyGrants: by(emptyGrants, ({ key }) => key), holds: by(holds, ({ id }) => id) });
};

/** Looks uses up in the id index, many at a time. */
class IndexCheck {
  private expected: IdUse[] = [];

  constructor(private readonly stream: string, private readonly memory: StreamMemory) {}

  async expect(uses: readonly IdUse[]): Promise<void> {
    this.expected.push(...uses);
    if (this.expected.length >= LOOK_UP) await this.flush();
  }

  async flush(): Promise<void> {
    const uses = this.expected;
    this.expected = [];
    if (uses.length === 0) return;
    const { uses: found } = await this.memory.find(this.stream, uses.map(({ key }) => key));
    const missing = uses.find(({ key, revision }) => !found.get(key)?.includes(revision));
    if (missing) throw new Difference(`${at(this.stream, missing.revision)}, the id index`, missing.key, 'nothing');
  }
}
