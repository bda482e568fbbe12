import { BillingError, seal, type Cause, type Clock, type SealedEvent } from '#libs/kernel';
import {
  accountEventDefinitions, ACCOUNT_SNAPSHOT_VERSION, accountStream, catalogStream, keysNeeded, saveAccount, transition,
  type Account, type AccountCommand, type Answer, type Catalog, type Past, type Transition,
} from '#libs/domain';
import { MemoryRewound, RevisionConflict, StaleGuard, type EventLog, type StreamLeases, type StreamMemory } from '#libs/event-log';
import { appendsOf } from './appends.js';
import { BatchPast } from './batch-past.js';
import type { Catalogs } from './catalogs.js';
import { commandIdOf, idempotencyKeyOf } from './command-id.js';
import type { Origin } from './commands.js';
import { catchUp, loadFromLog, type LoadedAccount, type RecentIds } from './loaded-account.js';
import { OtherHistory } from './stream-history.js';

/** Most commands decided into one append, and so held back by one conflict. */
const MAX_BATCH = 256;
/** How long a batch is decided before everything else in this process gets a turn: some commands take long, as the refusal of a large request may. */
const TURN_MS = 20;
/** Races lost in a row after which the caller is told to try again. */
const MAX_RACES = 12;
/**
 * Who lost a race for an account takes turns from then on, through a lease, for as long as it stays contended. The
 * winner learns of it by losing one: its own next append is refused once the other got through.
 */
const CONTENDED_MS = 1_000;
const LEASE_WAIT_MS = 2_000;
/** Events after which a snapshot pays; more where the state itself is large, so that its cost stays a constant share. */
const SNAPSHOT_EVERY = 500;

export interface Outcome {
  readonly answer: Answer;
  readonly account: Account;
}

export interface Order {
  readonly command: AccountCommand;
  readonly origin: Origin;
  /** Of OpenAccount: the catalog asked for. */
  readonly catalog: string | undefined;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriterParts {
  readonly log: EventLog;
  readonly memory: StreamMemory;
  readonly catalogs: Catalogs;
  readonly leases: StreamLeases;
  readonly clock: Clock;
  readonly onSnapshotFailed: (stream: string, error: unknown) => void;
}

/** One command of a batch, decided. */
interface Decided {
  readonly order: Order;
  readonly transition: Transition;
}

/** What a batch led to. */
interface Decision extends LoadedAccount {
  readonly decided: readonly Decided[];
  readonly events: readonly SealedEvent[];
}

/**
 * The one writer of an account in this process. Commands queue up, are decided one after another against the state in
 * memory, and leave as one append guarded by the revision they were decided at; a lost race is decided again. Nothing is
 * answered before the log has confirmed that revision, refusals and repeats included.
 */
export class AccountWriter {
  private readonly stream: string;
  private readonly queue: Order[] = [];
  private working = false;
  private loaded: LoadedAccount | undefined;
  private ids: RecentIds | undefined;
  private snapshotAt = -1;
  private snapshotting = false;
  /** Until when (performance.now) other processes are known to write to this account too. */
  private contendedUntil = 0;
  /** When it was last wanted, in whatever its owner counts. */
  usedAt = 0;

  /** @param acknowledgedTo the highest revision of the account that anyone was told of; -1 for none */
  constructor(accountId: string, private readonly parts: WriterParts, private acknowledgedTo = -1) {
    this.stream = accountStream(accountId);
  }

  get acknowledged(): number { return this.acknowledgedTo; }

  /** Nothing under way: it may be forgotten. */
  get idle(): boolean { return !this.working && !this.snapshotting; }

  /** A rough measure of the memory it takes. */
  get weight(): number {
    return 20 + (this.ids?.size ?? 0) + (this.loaded ? this.loaded.account.holds.size * 4 + this.loaded.account.emptyGrants.size : 0);
  }

  submit(order: Order): void {
    this.queue.push(order);
    if (!this.working) void this.work();
  }

  private async work(): Promise<void> {
    this.working = true;
    // Orders of the same turn of the event loop share one append.
    await Promise.resolve();
    while (this.queue.length > 0) {
      // Until it is open, each order may name a catalog of its own.
      const batch = this.queue.splice(0, this.loaded?.account.terms ? MAX_BATCH : 1);
      try {
        await this.carryOut(batch);
      } catch (error) {
        // The outcome may be unknown: what is in memory is not to be trusted until it is read again.
        this.forget();
        for (const { reject } of batch) reject(error);
      }
    }
    this.working = false;
  }

  private forget(): void {
    this.loaded = undefined;
    this.ids = undefined;
    this.snapshotAt = -1;
  }

  private async carryOut(batch: readonly Order[]): Promise<void> {
    let release: (() => void) | undefined;
    try {
      for (let race = 0; race < MAX_RACES; race += 1) {
        if (!release && performance.now() < this.contendedUntil) {
          release = await this.parts.leases.acquire(this.stream, LEASE_WAIT_MS);
          await this.readTail();
        }
        if (await this.attempt(batch)) return;
      }
    } finally {
      release?.();
    }
    // Not all of a large batch is appended at once: some of it may have been written before a race was lost.
    throw new BillingError('unavailable', 'account_contended', { detail: 'this account is written to from many places at once; send it again under the same id, and it is carried out once' });
  }

  /** Decides and appends; false when the race was lost and what the loser missed has been read, or all has to be read anew. */
  private async attempt(batch: readonly Order[]): Promise<boolean> {
    const start = this.loaded ?? await this.load();
    const catalogName = start.account.terms?.catalog ?? batch.find(({ catalog }) => catalog !== undefined)?.catalog;
    const catalog = catalogName === undefined ? undefined : await this.parts.catalogs.peek(catalogName);
    const decision = await this.decideAll(batch, start, catalog);
    if (!decision) return false;
    const { decided, account, events, hash } = decision;
    const guards = catalog ? [{ stream: catalogStream(catalog.name), revision: catalog.revision }] : [];
    try {
      let { revision } = start.account;
      for (const part of appendsOf(decided, events, this.parts.log.maxAppendBytes)) {
        await this.parts.log.append(this.stream, part, revision, { guards });
        revision += part.length;
      }
    } catch (error) {
      if (error instanceof RevisionConflict) {
        this.contendedUntil = performance.now() + CONTENDED_MS;
        await this.readTail();
      }
      else if (error instanceof StaleGuard && catalog) await this.parts.catalogs.refresh(catalog.name);
      else throw error;
      return false;
    }
    this.keep(start, { account, hash }, decided);
    for (const { order, transition: { outcome, account: after } } of decided) {
      if ('refusal' in outcome) {
        order.reject(outcome.refusal);
        continue;
      }
      const { answer } = outcome;
      this.acknowledgedTo = Math.max(this.acknowledgedTo, answer.repeated ? answer.revision : after.revision);
      order.resolve({ answer, account: after });
    }
    return true;
  }

  private async load(): Promise<LoadedAccount> {
    const { loaded, ids } = await loadFromLog(this.parts.log, this.parts.memory, this.stream);
    this.loaded = loaded;
    this.ids = ids;
    this.snapshotAt = ids.indexedTo;
    return loaded;
  }

  /** Folds what others appended. Where the log was set back beneath this process, nothing in memory is worth anything. */
  private async readTail(): Promise<void> {
    const { loaded, ids } = this;
    if (!loaded || !ids) return;
    try {
      this.loaded = await catchUp(this.parts.log, this.stream, loaded, ids);
    } catch (error) {
      if (!(error instanceof OtherHistory)) throw error;
      this.forget();
    }
  }

  /** Decides the batch; undefined, and all forgotten, where the id index no longer has what it must. */
  private async decideAll(batch: readonly Order[], start: LoadedAccount, catalog: Catalog | undefined): Promise<Decision | undefined> {
    try {
      return await this.decideEach(batch, start, catalog);
    } catch (error) {
      if (!(error instanceof MemoryRewound)) throw error;
      this.forget();
      return undefined;
    }
  }

  private async decideEach(batch: readonly Order[], start: LoadedAccount, catalog: Catalog | undefined): Promise<Decision> {
    const needed = batch.map(({ command }) => keysNeeded(command, (id) => start.account.holds.has(id)));
    const past = new BatchPast(this.parts, this.stream, this.ids as RecentIds);
    await past.lookUp(needed.length === 1 ? needed[0] as string[] : needed.flat());
    const decided: Decided[] = [];
    const events: SealedEvent[] = [];
    let { account, hash } = start;
    let turnEndsAt = performance.now() + TURN_MS;
    for (const [at, order] of batch.entries()) {
      let keys = needed[at] as string[];
      if (at > 0) {
        if (performance.now() > turnEndsAt) {
          await nextTurn();
          turnEndsAt = performance.now() + TURN_MS;
        }
        const openHolds = account.holds;
        keys = keysNeeded(order.command, (id) => openHolds.has(id));
        const missing = past.missing(keys);
        if (missing.length > 0) await past.lookUp(missing);
      }
      const result = this.transit(account, order, catalog, past.under(keys));
      const sealed = seal(this.stream, { revision: account.revision, hash }, result.facts, causeOf(order), accountEventDefinitions);
      events.push(...sealed.events);
      if (at < batch.length - 1) past.add(result.facts, account.revision);
      ({ account } = result);
      ({ hash } = sealed);
      decided.push({ order, transition: result });
    }
    return { decided, account, events, hash };
  }

  private transit(account: Account, { command, catalog: asked }: Order, catalog: Catalog | undefined, past: Past): Transition {
    const refuse = (error: BillingError): Transition => ({ facts: [], account, outcome: { refusal: error } });
    if (!catalog) return refuse(new BillingError('not_found', 'not_found', { detail: 'this account does not exist; open it first' }));
    if (command.type === 'OpenAccount' && asked !== undefined && asked !== catalog.name) {
      return refuse(new BillingError('conflict', 'idempotency_conflict', { detail: `this account is open on catalog ${catalog.name}` }));
    }
    return transition(account, command, { now: this.parts.clock(), catalog, past });
  }

  private keep(start: LoadedAccount, next: LoadedAccount, decided: readonly Decided[]): void {
    let { revision } = start.account;
    for (const { transition: { facts } } of decided) {
      for (const fact of facts) this.ids?.add(fact, (revision += 1));
    }
    this.loaded = next;
    const worth = Math.max(SNAPSHOT_EVERY, next.account.holds.size + next.account.emptyGrants.size);
    if (revision - this.snapshotAt >= worth && !this.snapshotting) void this.snapshot(next);
  }

  /** Saves the state and the ids used so far, beside the work: it changes what a later start costs, never a result. */
  private async snapshot({ account, hash }: LoadedAccount): Promise<void> {
    const { ids } = this;
    if (!ids || hash === null) return;
    this.snapshotting = true;
    const uses = ids.beginSave();
    try {
      await this.parts.memory.save(this.stream, { revision: account.revision, hash, version: ACCOUNT_SNAPSHOT_VERSION, state: saveAccount(account) }, uses, ids.indexedTo);
      ids.saved(account.revision);
    } catch (error) {
      ids.failed(); // where it was refused, the next look-up meets what refused it, and all is read anew
      this.parts.onSnapshotFailed(this.stream, error);
    } finally {
      // Also after a failure: the next try waits for as many events again.
      if (this.ids === ids) this.snapshotAt = account.revision;
      this.snapshotting = false;
    }
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

const causeOf = ({ command, origin }: Order): Cause => {
  const idempotencyKey = idempotencyKeyOf(command);
  return {
    actor: origin.actor, correlationId: origin.correlationId, causationId: commandIdOf(command),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...(origin.traceparent === undefined ? {} : { traceparent: origin.traceparent }),
  };
};
