import { BillingError } from '#libs/kernel';
import { accountAsOf, accountStream, evolve, type Account, type AccountCommand, type Answer } from '#libs/domain';
import { AccountWriter, type Outcome, type WriterParts } from './account-writer.js';
import type { Origin } from './commands.js';
import { factOf, NOTHING, startOf, type LoadedAccount } from './loaded-account.js';
import { eventsAfter, OtherHistory } from './stream-history.js';

/** How much of all accounts is kept in memory, in units of about 100 bytes. */
const MAX_WEIGHT = 4_000_000;
/** Orders after which the accounts in memory are weighed; more where they are many, so that weighing costs each order little. */
const WEIGH_EVERY = 1_000;
/** Accounts whose acknowledged revision is remembered after they were forgotten. */
const MOST_ACKNOWLEDGED = 100_000;

/** Stands around the orders of callers while somebody traces them; it may give an order another trace. */
export type TraceOrder = (
  order: { readonly accountId: string; readonly command: AccountCommand; readonly origin: Origin }, carryOut: (origin: Origin) => Promise<Outcome>,
) => Promise<Outcome>;

export interface AccountsParts extends WriterParts {
  readonly traceOrder?: TraceOrder | undefined;
}

/** All accounts this process writes to: one writer each, kept hot in a bounded cache. */
export class Accounts {
  private readonly writers = new Map<string, AccountWriter>();
  /** Of accounts that were forgotten, the latest last. */
  private readonly acknowledgedTo = new Map<string, number>();
  private orders = 0;
  private weighAt = WEIGH_EVERY;

  constructor(private readonly parts: AccountsParts) {}

  /** Carries a command out; resolves when its outcome is durable and true of the log. */
  async execute(accountId: string, command: AccountCommand, origin: Origin, catalog?: string): Promise<Answer> {
    const { traceOrder } = this.parts;
    const outcome = traceOrder === undefined ? await this.order(accountId, command, origin, catalog)
      : await traceOrder({ accountId, command, origin }, (traced) => this.order(accountId, command, traced, catalog));
    return outcome.answer;
  }

  /** The account as it stands now, confirmed against the log; what is due has been written. @throws not_found */
  async current(accountId: string): Promise<Account> {
    return (await this.order(accountId, { type: 'WakeAccount' }, { actor: 'engine', correlationId: `current/${accountId}` })).account;
  }

  /** The account as the engine would have answered at an instant (recorded time). @throws not_found */
  async asOf(accountId: string, instant: string): Promise<Account> {
    const stream = accountStream(accountId);
    const saved = startOf(await this.parts.memory.load(stream));
    const account = await this.foldUntil(instant, stream, saved.account.lastRecordedAt <= instant ? saved : NOTHING).catch((error: unknown) => {
      if (error instanceof OtherHistory) return this.foldUntil(instant, stream, NOTHING); // whoever writes next discards the snapshot
      throw error;
    });
    if (!account.terms) throw new BillingError('not_found', 'not_found', { detail: `account ${accountId} did not exist at ${instant}` });
    return accountAsOf(account, instant);
  }

  /** The highest revision of an account that this process has acknowledged to anyone; -1 for none. */
  acknowledged(accountId: string): number {
    return this.writers.get(accountId)?.acknowledged ?? this.acknowledgedTo.get(accountId) ?? -1;
  }

  private async foldUntil(instant: string, stream: string, { account: start, hash }: LoadedAccount): Promise<Account> {
    let account = start;
    for await (const events of eventsAfter(this.parts.log, stream, { revision: start.revision, hash })) {
      for (const event of events) {
        const fact = factOf(event);
        if (fact.recordedAt > instant) return account;
        account = evolve(account, fact);
      }
    }
    return account;
  }

  private order(accountId: string, command: AccountCommand, origin: Origin, catalog?: string): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      this.writerOf(accountId).submit({ command, origin, catalog, resolve, reject });
    });
  }

  private writerOf(accountId: string): AccountWriter {
    this.orders += 1;
    if (this.orders >= this.weighAt) this.trim();
    let writer = this.writers.get(accountId);
    if (!writer) {
      writer = new AccountWriter(accountId, this.parts, this.acknowledged(accountId));
      this.writers.set(accountId, writer);
    }
    writer.usedAt = this.orders;
    return writer;
  }

  /** Forgets idle accounts, least recently used first, until the rest fits. */
  private trim(): void {
    this.weighAt = this.orders + Math.max(WEIGH_EVERY, this.writers.size);
    let weight = 0;
    for (const writer of this.writers.values()) weight += writer.weight;
    if (weight <= MAX_WEIGHT) return;
    for (const [accountId, writer] of [...this.writers].sort(([, a], [, b]) => a.usedAt - b.usedAt)) {
      if (weight <= MAX_WEIGHT) return;
      if (!writer.idle) continue;
      weight -= writer.weight;
      this.forget(accountId, writer.acknowledged);
    }
  }

  private forget(accountId: string, acknowledged: number): void {
    this.writers.delete(accountId);
    this.acknowledgedTo.delete(accountId);
    this.acknowledgedTo.set(accountId, acknowledged);
    // Read models are minutes behind at the very worst; what was forgotten 100,000 accounts ago has long arrived.
    if (this.acknowledgedTo.size > MOST_ACKNOWLEDGED) this.acknowledgedTo.delete(this.acknowledgedTo.keys().next().value as string);
  }
}
