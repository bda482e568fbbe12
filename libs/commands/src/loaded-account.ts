import { hashOf, open } from '#libs/kernel';
import {
  ACCOUNT_SNAPSHOT_VERSION, accountEventDefinitions, evolve, initialAccount, keysTouched, loadAccount,
  type Account, type AccountEvent, type AccountFact, type PastFact,
} from '#libs/domain';
import type { EventLog, IdUse, RecordedEvent, StreamMemory } from '#libs/event-log';

/** An account in memory, as of a revision of its stream. */
export interface LoadedAccount {
  readonly account: Account;
  /** Hash of its last event, which the next one continues; null before the first. */
  readonly hash: string | null;
}

/** A stored event as the domain reads it. */
export const factOf = ({ type, body, revision }: RecordedEvent): PastFact => {
  const { data, recordedAt, occurredAt } = open<AccountEvent['data']>(type, body, accountEventDefinitions);
  return { type, data, recordedAt, occurredAt, revision } as PastFact;
};

/**
 * Which events used which ids, for the events that the id index does not have yet. Ids used up to `indexedTo` are in the
 * index; those after it are here. So an id is always in one of the two (architecture: "forget an id only after the index
 * provably has it").
 */
export class RecentIds {
  private current = new Map<string, number[]>();
  /** Being saved right now: still answered from here until the index has them. */
  private saving: Map<string, number[]> | undefined;

  /** @param indexedTo revision up to which the index has all ids; -1 when it was never needed */
  constructor(public indexedTo: number) {}

  get size(): number { return this.current.size + (this.saving?.size ?? 0); }

  add(fact: AccountFact, revision: number): void {
    for (const key of keysTouched(fact)) {
      const revisions = this.current.get(key);
      if (revisions) revisions.push(revision);
      else this.current.set(key, [revision]);
    }
  }

  find(key: string): readonly number[] {
    const recent = this.current.get(key);
    const saving = this.saving?.get(key);
    return saving && recent ? [...saving, ...recent] : saving ?? recent ?? [];
  }

  /** Takes all uses so far for the index; they are still found here until `saved` or `failed`. */
  beginSave(): IdUse[] {
    this.saving = this.current;
    this.current = new Map();
    return [...this.saving].flatMap(([key, revisions]) => revisions.map((revision) => ({ key, revision })));
  }

  saved(indexedTo: number): void {
    this.saving = undefined;
    this.indexedTo = indexedTo;
  }

  failed(): void {
    for (const [key, revisions] of this.current) {
      const earlier = this.saving?.get(key);
      if (earlier) earlier.push(...revisions);
      else this.saving?.set(key, revisions);
    }
    this.current = this.saving ?? this.current;
    this.saving = undefined;
  }
}

/** Reads an account from its snapshot, where there is a usable one, and the events after it. */
export const loadFromLog = async (
  log: EventLog, memory: StreamMemory, stream: string, useSnapshot = true,
): Promise<{ loaded: LoadedAccount; ids: RecentIds }> => {
  const snapshot = useSnapshot ? await memory.load(stream) : undefined;
  const usable = snapshot?.version === ACCOUNT_SNAPSHOT_VERSION ? snapshot : undefined;
  const start: LoadedAccount = usable ? { account: loadAccount(usable.state), hash: usable.hash } : { account: initialAccount, hash: null };
  const ids = new RecentIds(usable?.revision ?? -1);
  return { loaded: await catchUp(log, stream, start, ids), ids };
};

/** Folds what the stream has beyond `loaded`. */
export const catchUp = async (log: EventLog, stream: string, loaded: LoadedAccount, ids: RecentIds): Promise<LoadedAccount> => {
  let { account, hash } = loaded;
  for await (const events of log.read(stream, { from: account.revision + 1 })) {
    for (const event of events) {
      const fact = factOf(event);
      account = evolve(account, fact);
      ids.add(fact, event.revision);
    }
    const last = events.at(-1);
    if (last) hash = hashOf(stream, last.revision, last.type, last.body);
  }
  return { account, hash };
};
