import { BillingError } from '#libs/kernel';
import { accountAsOf, accountStream, evolve, initialAccount, loadAccount, ACCOUNT_SNAPSHOT_VERSION, type Account, type AccountCommand, type Answer } from '#libs/domain';
import { AccountWriter, type Outcome, type WriterParts } from './account-writer.js';
import type { Origin } from './commands.js';
import { factOf } from './loaded-account.js';

/** How much of all accounts is kept in memory, in units of about 100 bytes. */
const MAX_WEIGHT = 4_000_000;

/** All accounts this process writes to: one writer each, kept hot in a bounded cache. */
export class Accounts {
  /** Least recently used first. */
  private readonly writers = new Map<string, AccountWriter>();
  private readonly acknowledgedTo = new Map<string, number>();
  private sinceTrim = 0;

  constructor(private readonly parts: WriterParts) {}

  /** Carries a command out; resolves when its outcome is durable and true of the log. */
  async execute(accountId: string, command: AccountCommand, origin: Origin, catalog?: string): Promise<Answer> {
    return (await this.order(accountId, command, origin, catalog)).answer;
  }

  /** The account as it stands now, confirmed against the log; what is due has been written. @throws not_found */
  async current(accountId: string): Promise<Account> {
    return (await this.order(accountId, { type: 'WakeAccount' }, { actor: 'engine', correlationId: `current/${accountId}` })).account;
  }

  /** The account as the engine would have answered at an instant (recorded time). @throws not_found */
  async asOf(accountId: string, instant: string): Promise<Account> {
    const stream = accountStream(accountId);
    const snapshot = await this.parts.memory.load(stream);
    const saved = snapshot?.version === ACCOUNT_SNAPSHOT_VERSION ? loadAccount(snapshot.state) : undefined;
    let account = snapshot && saved && saved.lastRecordedAt <= instant ? saved : initialAccount;
    read: for await (const events of this.parts.log.read(stream, { from: account.revision + 1 })) {
      for (const event of events) {
        const fact = factOf(event);
        if (fact.recordedAt > instant) break read;
        account = evolve(account, fact);
      }
    }
    if (!account.terms) throw new BillingError('not_found', 'not_found', { detail: `account ${accountId} did not exist at ${instant}` });
    return accountAsOf(account, instant);
  }

  /** The highest revision of an account that this process has acknowledged to anyone; -1 for none. */
  acknowledged(accountId: string): number {
    return this.acknowledgedTo.get(accountId) ?? -1;
  }

  private order(accountId: string, command: AccountCommand, origin: Origin, catalog?: string): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      this.writerOf(accountId).submit({
        command, origin, catalog, reject,
        resolve: (outcome) => {
          this.acknowledge(accountId, outcome.answer.repeated ? outcome.answer.revision : outcome.account.revision);
          resolve(outcome);
        },
      });
    });
  }

  private writerOf(accountId: string): AccountWriter {
    const known = this.writers.get(accountId);
    const writer = known ?? new AccountWriter(accountId, this.parts);
    if (known) this.writers.delete(accountId);
    this.writers.set(accountId, writer);
    if ((this.sinceTrim += 1) >= 1_000) this.trim();
    return writer;
  }

  private acknowledge(accountId: string, revision: number): void {
    if (revision <= this.acknowledged(accountId)) return;
    this.acknowledgedTo.delete(accountId);
    this.acknowledgedTo.set(accountId, revision);
    // Read models are minutes behind at the very worst; what was acknowledged 100,000 accounts ago has long arrived.
    if (this.acknowledgedTo.size > 100_000) this.acknowledgedTo.delete(this.acknowledgedTo.keys().next().value as string);
  }

  /** Forgets idle accounts, least recently used first, until the rest fits. */
  private trim(): void {
    this.sinceTrim = 0;
    let weight = 0;
    for (const writer of this.writers.values()) weight += writer.weight;
    for (const [accountId, writer] of this.writers) {
      if (weight <= MAX_WEIGHT) return;
      if (!writer.idle) continue;
      weight -= writer.weight;
      this.writers.delete(accountId);
    }
  }
}
