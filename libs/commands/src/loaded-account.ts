import { open } from '#libs/kernel';
import {
  ACCOUNT_SNAPSHOT_VERSION, accountEventDefinitions, evolve, initialAccount, keysTouched, loadAccount,
  type Account, type AccountEvent, type AccountFact, type PastFact,
} from '#libs/domain';
import type { EventLog, IdUse, RecordedEvent, Snapshot, StreamMemory } from '#libs/event-log';
import { eventsAfter, hashOfEvent, OtherHistory, type Place } from './stream-history.js';

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

/** Reads an account from its snapshot, where there is a usable one, and the events after it. A snapshot that the log contradicts is discarded with the ids that came with it. */
export const loadFromLog = async (log: EventLog, memory: StreamMemory, stream: string): Promise<{ loaded: LoadedAccount; ids: RecentIds }> => {
  const snapshot = await memory.load(stream);
  if (snapshot) {
    try {
      const start = startOf(snapshot);
      const ids = new RecentIds(start.account.revision);
      // One of another version is not folded on from, and would still keep older ones from being saved.
      if (start === NOTHING) await prove(log, stream, snapshot);
      return { loaded: await catchUp(log, stream, start, ids), ids };
    } catch (error) {
      if (!(error instanceof OtherHistory)) throw error;
      await memory.discard(stream, snapshot);
    }
  }
  const ids = new RecentIds(-1);
  return { loaded: await catchUp(log, stream, NOTHING, ids), ids };
};

/** Before the first event. */
export const NOTHING: LoadedAccount = { account: initialAccount, hash: null };

/** A snapshot's account; nothing where there is none, or its state is of another version. */
export const startOf = (snapshot: Snapshot | undefined): LoadedAccount =>
  (snapshot?.version === ACCOUNT_SNAPSHOT_VERSION ? { account: loadAccount(snapshot.state), hash: snapshot.hash } : NOTHING);

/** Folds what the stream has beyond `loaded`. @throws OtherHistory */
export const catchUp = async (log: EventLog, stream: string, loaded: LoadedAccount, ids: RecentIds): Promise<LoadedAccount> => {
  let { account, hash } = loaded;
  for await (const events of eventsAfter(log, stream, { revision: account.revision, hash })) {
    for (const event of events) {
      const fact = factOf(event);
      account = evolve(account, fact);
      ids.add(fact, event.revision);
    }
    const last = events.at(-1);
    if (last) hash = hashOfEvent(last);
  }
  return { account, hash };
};

const prove = async (log: EventLog, stream: string, place: Place): Promise<void> => {
  for await (const _ of eventsAfter(log, stream, place)) return;
};
