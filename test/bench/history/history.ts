import { instantOf, seal, type SealedEvent } from '#libs/kernel';
import { ACCOUNT_SNAPSHOT_VERSION, accountEventDefinitions, accountStream, keysTouched, saveAccount, type Account, type Catalog } from '#libs/domain';
import type { IdUse, StreamMemory } from '#libs/event-log';
import { accountIdOf } from '../load/conversations.js';
import { AccountLife, type Step } from './account-life.js';

export interface HistoryEvent extends SealedEvent {
  readonly stream: string;
  readonly revision: number;
}

export interface HistoryOptions {
  readonly accounts: number;
  readonly events: number;
  readonly catalog: Catalog;
  readonly firstAccount?: number;
}

/** Deciding costs far more than sealing, so that accounts beyond these many live again what another one has lived. */
const LIVES = 16;
/** How many uses of ids wait for the next snapshot. */
const USES_PER_SAVE = 10_000;

/** One account's stream: every event continues it with the right revision and hash. */
class AccountHistory {
  readonly stream: string;
  private revision = -1;
  private hash: string | null = null;
  private account: Account | undefined;
  private uses: IdUse[] = [];
  private savedTo = -1;

  constructor(accountId: string, private readonly memory: StreamMemory | undefined) {
    this.stream = accountStream(accountId);
  }

  append({ facts, cause, account }: Step): HistoryEvent[] {
    const { events, hash } = seal(this.stream, { revision: this.revision, hash: this.hash }, facts, cause, accountEventDefinitions);
    this.hash = hash;
    this.account = account;
    return events.map(({ id, type, body }, index) => {
      const revision = (this.revision += 1);
      if (this.memory) for (const key of keysTouched(facts[index]!)) this.uses.push({ key, revision });
      return { id, type, body, stream: this.stream, revision };
    });
  }

  get needsSave(): boolean { return this.uses.length >= USES_PER_SAVE; }

  /** Saves a snapshot and the ids used so far, as the engine would have. */
  async save(): Promise<void> {
    const { uses, savedTo, revision, hash, account } = this;
    if (!this.memory || !account || hash === null) return;
    this.uses = [];
    await this.memory.save(this.stream, { revision, hash, version: ACCOUNT_SNAPSHOT_VERSION, state: saveAccount(account) }, uses, savedTo);
    this.savedTo = revision;
  }
}

/** The histories of many accounts woven together, as their commands would have come in; in batches of about `size` events. */
export const history = async function* ({ accounts, events, catalog, firstAccount = 0 }: HistoryOptions, size: number, memory?: StreamMemory): AsyncGenerator<HistoryEvent[]> {
  const start = instantOf(Date.now() - (events / accounts) * 300);
  const lives = Array.from({ length: Math.min(LIVES, accounts) }, (_, seed) => new AccountLife(seed, catalog, start));
  const histories = Array.from({ length: accounts }, (_, number) => new AccountHistory(accountIdOf(firstAccount + number), memory));
  let made = 0;
  let batch: HistoryEvent[] = [];
  while (made < events) {
    const steps = lives.map((life) => life.next());
    for (const [number, one] of histories.entries()) {
      const added = one.append(steps[number % lives.length]!);
      made += added.length;
      batch.push(...added);
      if (one.needsSave) await one.save();
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  }
  yield batch;
  for (const one of histories) await one.save();
};
