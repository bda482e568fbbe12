import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { PoisonEvent } from '#libs/event-feed';
import type { RecordedEvent } from '#libs/event-log';
import { balanceChangeOf, type BalanceChange } from './balance/projection.js';
import { BalanceWriter } from './balance/store.js';
import { readRecord } from './folding/account-record.js';
import type { ModelWriter, ReadModelName, Write } from './folding/read-model.js';
import { holdChangeOf, type HoldChange } from './holds/projection.js';
import { HoldsWriter } from './holds/store.js';
import { paymentOf, type Payment } from './tier/projection.js';
import { TierWriter } from './tier/store.js';
import { transactionOf, type Transaction } from './transactions/projection.js';
import { TransactionsWriter } from './transactions/store.js';
import { usageOf, type Usage } from './usage-log/projection.js';
import { UsageLogWriter } from './usage-log/store.js';

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

/** What one event says to each read model. */
interface Changes {
  readonly balance: BalanceChange;
  readonly hold: HoldChange | undefined;
  readonly transaction: Transaction | undefined;
  readonly usage: Usage | undefined;
  readonly payment: Payment | undefined;
}

/** @throws PoisonEvent */
const changesIn = (event: RecordedEvent): Changes => {
  try {
    const record = readRecord(event);
    return {
      balance: balanceChangeOf(record), hold: holdChangeOf(record), transaction: transactionOf(record), usage: usageOf(record), payment: paymentOf(record),
    };
  } catch (error) {
    throw new PoisonEvent('read models', event.stream, event.revision, error);
  }
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

/** Events read and folded in one go: a few milliseconds, after which whoever else shares the process gets a turn. */
const FOLDED_AT_ONCE = 250;
/** Events whose added rows are sent while the next ones are folded: enough that a COPY is worth its round trip. */
const SENT_AT_ONCE = 1_000;

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

  /** Folds accounts' events, each read once for all models and let go soon after. @throws PoisonEvent */
  async fold(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void> {
    for (let at = 0; at < events.length; at += FOLDED_AT_ONCE) {
      if (at > 0) await nextTurn();
      const all = events.slice(at, at + FOLDED_AT_ONCE).map(changesIn);
      for (const part of this.parts) await part.load(tx, all);
      for (const changes of all) for (const part of this.parts) part.fold(changes);
    }
  }

  /** Folds events and writes all of it, in one transaction. Most rows are only added: they are on their way while others are folded. @throws PoisonEvent */
  async apply(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void> {
    let sending = Promise.resolve();
    try {
      for (let at = 0; at < events.length; at += SENT_AT_ONCE) {
        await this.fold(tx, events.slice(at, at + SENT_AT_ONCE));
        await sending;
        sending = this.takeFrom(this.parts.filter(({ writer }) => writer.onlyAdds))(tx);
        sending.catch(() => undefined); // told when it is awaited
      }
    } finally {
      await sending; // what failed in it is the reason of whatever failed after it
    }
    await this.take()(tx);
  }

  /** What has been folded since the last time, to be written; folding may go on meanwhile. */
  take(): Write {
    return this.takeFrom(this.parts);
  }

  settle(): void {
    for (const { writer } of this.parts) writer.settle();
  }

  forget(): void {
    for (const { writer } of this.parts) writer.forget();
  }

  private takeFrom(parts: readonly Part<never>[]): Write {
    const writes = parts.map(({ writer }) => writer.take());
    return async (tx) => { for (const write of writes) await write(tx); };
  }
}
