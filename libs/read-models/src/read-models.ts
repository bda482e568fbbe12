import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { balanceChangeOf, type BalanceChange } from './balance/projection.js';
import { BalanceWriter } from './balance/store.js';
import type { AccountRecord } from './folding/account-record.js';
import type { ModelWriter, ReadModelName } from './folding/read-model.js';
import { holdChangeOf, type HoldChange } from './holds/projection.js';
import { HoldsWriter } from './holds/store.js';
import { paymentOf, type Payment } from './tier/projection.js';
import { TierWriter } from './tier/store.js';
import { transactionOf } from './transactions/projection.js';
import { transactionLine, TransactionsWriter } from './transactions/store.js';
import { usageOf } from './usage-log/projection.js';
import { usageLine, UsageLogWriter, type UsageLine } from './usage-log/store.js';

interface ReadModel {
  /** Raised when its rows come to mean something else, or have other columns; then it has to be rebuilt. */
  readonly version: number;
  readonly tables: readonly string[];
  /** Another model, whose state it is folded from. */
  readonly needs?: ReadModelName;
}

export const READ_MODELS: Readonly<Record<ReadModelName, ReadModel>> = {
  balance: { version: 1, tables: ['balance', 'empty_grant'] },
  holds: { version: 1, tables: ['open_hold'] },
  transactions: { version: 1, tables: ['transactions'] },
  'usage-log': { version: 1, tables: ['usage_log'], needs: 'holds' },
  tier: { version: 1, tables: ['tier'] },
};

export const readModelNames = Object.keys(READ_MODELS) as readonly ReadModelName[];

/** The models together with those they need. */
export const withNeeds = (names: readonly ReadModelName[]): ReadModelName[] =>
  readModelNames.filter((name) => names.some((wanted) => wanted === name || READ_MODELS[wanted].needs === name));

/** What one event says to each read model. Far smaller than the event: it waits in memory until its batch is applied. */
export interface Changes {
  readonly accountId: string;
  readonly revision: number;
  readonly balance: BalanceChange;
  readonly hold: HoldChange | undefined;
  readonly transaction: string | undefined;
  readonly usage: UsageLine | undefined;
  readonly payment: Payment | undefined;
}

export const changesIn = (record: AccountRecord): Changes => {
  const hold = holdChangeOf(record);
  const usage = usageOf(record);
  const transaction = transactionOf(record);
  return {
    accountId: record.accountId, revision: record.revision, balance: balanceChangeOf(record), hold,
    transaction: transaction && transactionLine(transaction), usage: usage && usageLine(usage, hold?.key), payment: paymentOf(record),
  };
};

/** A writer, and which part of the changes is its. */
class Part<Change> {
  constructor(readonly writer: ModelWriter<Change>, private readonly pick: (changes: Changes) => Change | undefined) {}

  async load(tx: ClientBase, all: readonly Changes[]): Promise<void> {
    const own: Change[] = [];
    for (const changes of all) {
      const change = this.pick(changes);
      if (change !== undefined) own.push(change);
    }
    if (own.length > 0) await this.writer.load(tx, own);
  }

  fold(changes: Changes): void {
    const change = this.pick(changes);
    if (change !== undefined) this.writer.fold(change);
  }
}

/** Events folded in one go: a few milliseconds, after which whoever else shares the process gets a turn. */
const FOLDED_AT_ONCE = 500;

/** Some read models, brought up to date together in one transaction. */
export class ReadModelWriters {
  readonly balance: BalanceWriter;
  private readonly parts: readonly Part<never>[];

  constructor(schema: string, names: readonly ReadModelName[]) {
    const holds = new HoldsWriter(schema);
    this.balance = new BalanceWriter(schema);
    const all: Readonly<Record<ReadModelName, Part<never>>> = {
      // The usage log looks at a hold before the event closes it.
      'usage-log': new Part(new UsageLogWriter(schema, holds), ({ usage }) => usage) as Part<never>,
      holds: new Part(holds, ({ hold }) => hold) as Part<never>,
      balance: new Part(this.balance, ({ balance }) => balance) as Part<never>,
      transactions: new Part(new TransactionsWriter(schema), ({ transaction }) => transaction) as Part<never>,
      tier: new Part(new TierWriter(schema), ({ payment }) => payment) as Part<never>,
    };
    const wanted = withNeeds(names);
    this.parts = (Object.keys(all) as ReadModelName[]).filter((name) => wanted.includes(name)).map((name) => all[name]);
  }

  async fold(tx: ClientBase, changes: readonly Changes[]): Promise<void> {
    for (const part of this.parts) await part.load(tx, changes);
    for (let at = 0; at < changes.length; at += FOLDED_AT_ONCE) {
      if (at > 0) await nextTurn();
      for (const change of changes.slice(at, at + FOLDED_AT_ONCE)) for (const part of this.parts) part.fold(change);
    }
  }

  async write(tx: ClientBase): Promise<void> {
    for (const { writer } of this.parts) await writer.write(tx);
  }

  settle(): void {
    for (const { writer } of this.parts) writer.settle();
  }

  forget(): void {
    for (const { writer } of this.parts) writer.forget();
  }
}
