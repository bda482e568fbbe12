import { BillingError, open, seal, type Cause, type Clock, type SealedEvent } from '#libs/kernel';
import {
  catalogEventDefinitions, catalogStream, evolveCatalog, registryEventDefinitions, REGISTRY_STREAM, transitionCatalog,
  type Catalog, type CatalogCommand, type CatalogFact, type CatalogOutcome,
} from '#libs/domain';
import { RevisionConflict, type EventLog } from '#libs/event-log';
import type { Origin } from './commands.js';
import { eventsAfter, hashOfEvent, OtherHistory, type Place } from './stream-history.js';

/** A catalog in memory. Its `revision` is its stream's. */
export interface LoadedCatalog {
  readonly catalog: Catalog;
  /** Of its last event, which the next one continues. */
  readonly hash: string;
}

const MAX_RACES = 10;
/** How long a catalog that was looked at counts as recent. */
const RECENT_MS = 1_000;
/** Reads wait no longer than this for a log that does not answer. */
const LOOK_MS = 500;

const notFound = (name: string): BillingError =>
  new BillingError('not_found', 'not_found', { detail: `catalog ${name} does not exist; GET /v1/catalogs lists those that do` });

/** All catalogs: read often, written seldom. A decision guards its append with the revision it read here. */
export class Catalogs {
  private readonly loaded = new Map<string, LoadedCatalog>();
  /** When each was last looked at in the log, by performance.now(). */
  private readonly seenAt = new Map<string, number>();
  private readonly looking = new Map<string, Promise<void>>();
  /** Commands of this process come one after another: they are rare, and would only lose races to each other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: EventLog, private readonly clock: Clock) {}

  /** The catalog as last seen; the caller guards its append with the revision. @throws not_found */
  async peek(name: string): Promise<Catalog> {
    const known = this.loaded.get(name) ?? await this.refresh(name);
    if (!known) throw notFound(name);
    return known.catalog;
  }

  /**
   * The catalog as it stood about a second ago, or since: for answers that nothing confirms, such as those of read models.
   * All who ask share one look a second. While the log is away it is what was seen last. @throws not_found
   */
  async recent(name: string): Promise<Catalog> {
    if (this.loaded.has(name) && performance.now() - (this.seenAt.get(name) ?? -Infinity) > RECENT_MS) {
      let looking = this.looking.get(name);
      if (!looking) this.looking.set(name, looking = this.look(name));
      await looking;
    }
    return this.peek(name);
  }

  /** The catalog as it stands now. @throws not_found */
  async get(name: string): Promise<Catalog> {
    const known = this.loaded.get(name);
    if (known && await this.isCurrent(known.catalog)) return known.catalog;
    await this.refresh(name);
    return this.peek(name);
  }

  /** All catalogs as they stand now. */
  async list(): Promise<Catalog[]> {
    const { names } = await this.readRegistry();
    const found = await Promise.all(names.map((name) => this.refresh(name)));
    return found.flatMap((known) => (known ? [known.catalog] : []));
  }

  /** Reads what the stream has beyond what is in memory, which is proved with it. */
  async refresh(name: string): Promise<LoadedCatalog | undefined> {
    for (;;) {
      const beganAt = performance.now();
      const known = this.loaded.get(name);
      const found = await this.catchUp(name, known);
      const now = this.loaded.get(name);
      if (now === known) {
        // Names are the caller's: what does not exist is not remembered.
        if (!found) return undefined;
        this.seenAt.set(name, beganAt);
        this.loaded.set(name, found);
        return found;
      }
      // Lost, or somebody else has read meanwhile. Where not as far, theirs may be another history: it is gone on from.
      if (now && found && now.catalog.revision >= found.catalog.revision) return now;
    }
  }

  /** A catalog with what its stream has beyond it. Undefined where there is none, or the log has lost what is in memory, which is forgotten then. */
  private async catchUp(name: string, known: LoadedCatalog | undefined): Promise<LoadedCatalog | undefined> {
    const stream = catalogStream(name);
    let found = known;
    try {
      for await (const events of eventsAfter(this.log, stream, { revision: known?.catalog.revision ?? -1, hash: known?.hash ?? null })) {
        for (const event of events) {
          const { data, recordedAt } = open<CatalogFact['data']>(event.type, event.body, catalogEventDefinitions);
          found = { catalog: evolveCatalog(found?.catalog, { type: event.type, data, recordedAt } as CatalogFact), hash: hashOfEvent(event) };
        }
      }
      return found;
    } catch (error) {
      if (!(error instanceof OtherHistory)) throw error;
      if (this.loaded.get(name) === known) this.loaded.delete(name);
      return undefined;
    }
  }

  private async look(name: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => { timer = setTimeout(resolve, LOOK_MS); });
    await Promise.race([this.refresh(name).catch(() => undefined), patience]);
    clearTimeout(timer);
    this.seenAt.set(name, performance.now()); // also when it failed: the next look is due in a second
    this.looking.delete(name);
  }

  /** Imports a catalog or publishes a version. Resolves when the outcome is durable and true of the log. */
  execute(name: string, command: CatalogCommand, origin: Origin): Promise<CatalogOutcome & { readonly catalog: Catalog }> {
    const outcome = this.turn.then(() => this.carryOut(name, command, origin));
    this.turn = outcome.catch(() => undefined);
    return outcome;
  }

  private async carryOut(name: string, command: CatalogCommand, origin: Origin): Promise<CatalogOutcome & { readonly catalog: Catalog }> {
    if (command.type === 'ImportCatalog') await this.register(name, origin);
    for (let race = 0; race < MAX_RACES; race += 1) {
      const before = await this.refresh(name);
      const { facts, outcome, catalog } = transitionCatalog(before?.catalog, command, { now: this.clock() });
      const head = { revision: before?.catalog.revision ?? -1, hash: before?.hash ?? null };
      const sealed = seal(catalogStream(name), head, facts, causeOf(command.type, name, origin), catalogEventDefinitions);
      // With no events: what changes nothing is confirmed all the same.
      if (!await this.append(catalogStream(name), sealed.events, head)) continue;
      if (facts.length === 0) return { ...outcome, catalog };
      this.loaded.set(name, { catalog, hash: sealed.hash as string });
      return { ...outcome, catalog };
    }
    throw contended();
  }

  /** False when the stream has moved on. */
  private async append(stream: string, events: readonly SealedEvent[], { revision }: Place): Promise<boolean> {
    try {
      await this.log.append(stream, events, revision);
      return true;
    } catch (error) {
      if (error instanceof RevisionConflict) return false;
      throw error;
    }
  }

  private isCurrent({ name, revision }: Catalog): Promise<boolean> {
    return this.append(catalogStream(name), [], { revision, hash: null });
  }

  private async readRegistry(): Promise<{ names: string[]; head: Place }> {
    const names: string[] = [];
    let head: Place = { revision: -1, hash: null };
    for await (const events of this.log.read(REGISTRY_STREAM)) {
      for (const event of events) {
        names.push(open<{ name: string }>(event.type, event.body, registryEventDefinitions).data.name);
        head = { revision: event.revision, hash: hashOfEvent(event) };
      }
    }
    return { names, head };
  }

  private async register(name: string, origin: Origin): Promise<void> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const { names, head } = await this.readRegistry();
      if (names.includes(name)) return;
      const fact = { type: 'CatalogListed', data: { name }, recordedAt: this.clock() };
      const { events } = seal(REGISTRY_STREAM, head, [fact], causeOf('ImportCatalog', name, origin), registryEventDefinitions);
      if (await this.append(REGISTRY_STREAM, events, head)) return;
    }
    throw contended();
  }
}

const contended = (): BillingError =>
  new BillingError('unavailable', 'catalog_contended', { detail: 'catalogs are written to from many places at once; nothing was done, try again' });

const causeOf = (command: string, name: string, { actor, correlationId, traceparent }: Origin): Cause =>
  ({ actor, correlationId, causationId: `${command}/${name}`, ...(traceparent === undefined ? {} : { traceparent }) });
