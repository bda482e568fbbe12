import { BillingError, hashOf, open, seal, type Cause, type Clock, type Fact } from '#libs/kernel';
import {
  catalogEventDefinitions, catalogStream, evolveCatalog, initialCatalog, transitionCatalog,
  type Catalog, type CatalogCommand, type CatalogFact, type CatalogOutcome,
} from '#libs/domain';
import { RevisionConflict, type EventLog } from '#libs/event-log';
import type { Origin } from './commands.js';

/** A catalog in memory, as of a revision of its stream. */
export interface LoadedCatalog {
  readonly catalog: Catalog;
  readonly revision: number;
  readonly hash: string | null;
}

/** Names of all catalogs, in the order they were first imported. Written before the catalog itself, so none is missing. */
const REGISTRY = 'catalogs';
const MAX_RACES = 10;

const notFound = (name: string): BillingError =>
  new BillingError('not_found', 'not_found', { detail: `catalog ${name} does not exist; GET /v1/catalogs lists those that do` });

/** All catalogs: read often, written seldom. A decision guards its append with the revision it read here. */
export class Catalogs {
  private readonly loaded = new Map<string, LoadedCatalog>();
  private names: string[] = [];

  constructor(private readonly log: EventLog, private readonly clock: Clock) {}

  /** The catalog as last seen; the caller guards its append with the revision. @throws not_found */
  async peek(name: string): Promise<LoadedCatalog> {
    const known = this.loaded.get(name) ?? await this.refresh(name);
    if (known.revision < 0) throw notFound(name);
    return known;
  }

  /** The catalog as it stands now. @throws not_found */
  async get(name: string): Promise<Catalog> {
    const known = this.loaded.get(name);
    if (known && known.revision >= 0 && await this.isCurrent(name, known.revision)) return known.catalog;
    const current = await this.refresh(name);
    if (current.revision < 0) throw notFound(name);
    return current.catalog;
  }

  /** All catalogs as they stand now. */
  async list(): Promise<Catalog[]> {
    await this.readRegistry();
    const found = await Promise.all(this.names.map((name) => this.refresh(name)));
    return found.filter(({ revision }) => revision >= 0).map(({ catalog }) => catalog);
  }

  /** Reads what the stream has beyond what is in memory. */
  async refresh(name: string): Promise<LoadedCatalog> {
    const stream = catalogStream(name);
    let { catalog, revision, hash } = this.loaded.get(name) ?? { catalog: initialCatalog, revision: -1, hash: null };
    for await (const events of this.log.read(stream, { from: revision + 1 })) {
      for (const event of events) {
        const { data, recordedAt } = open<CatalogFact['data']>(event.type, event.body, catalogEventDefinitions);
        catalog = evolveCatalog(catalog, { type: event.type, data, recordedAt } as CatalogFact);
        revision = event.revision;
      }
      const last = events.at(-1);
      if (last) hash = hashOf(stream, last.revision, last.type, last.body);
    }
    const current = { catalog, revision, hash };
    // Names are the caller's: what does not exist is not remembered.
    if (revision >= 0) this.loaded.set(name, current);
    return current;
  }

  /** Imports a catalog or publishes a version. Resolves when the outcome is durable and true of the log. */
  async execute(name: string, command: CatalogCommand, origin: Origin): Promise<CatalogOutcome & LoadedCatalog> {
    if (command.type === 'ImportCatalog') await this.register(name, origin);
    for (let race = 0; race < MAX_RACES; race += 1) {
      const before = await this.refresh(name);
      const { facts, outcome, catalog } = transitionCatalog(before.catalog, command, { now: this.clock() });
      const after = await this.append(catalogStream(name), before, facts, causeOf(command.type, name, origin));
      if (!after) continue;
      if ('refusal' in outcome) throw outcome.refusal;
      const current = { catalog, ...after };
      this.loaded.set(name, current);
      return { ...outcome.answer, ...current };
    }
    throw new BillingError('unavailable', 'catalog_contended', { detail: 'this catalog is written to from many places at once; try again' });
  }

  /** Appends, or with nothing to append confirms; undefined when the stream has moved on. */
  private async append(stream: string, before: { revision: number; hash: string | null }, facts: readonly Fact[], cause: Cause): Promise<{ revision: number; hash: string | null } | undefined> {
    const { events, hash } = seal(stream, before, facts, cause, catalogEventDefinitions);
    try {
      const { revision } = await this.log.append(stream, events, before.revision);
      return { revision, hash };
    } catch (error) {
      if (error instanceof RevisionConflict) return undefined;
      throw error;
    }
  }

  private async isCurrent(name: string, revision: number): Promise<boolean> {
    try {
      await this.log.append(catalogStream(name), [], revision);
      return true;
    } catch (error) {
      if (error instanceof RevisionConflict) return false;
      throw error;
    }
  }

  private async readRegistry(): Promise<{ revision: number; hash: string | null }> {
    const names: string[] = [];
    let [revision, hash]: [number, string | null] = [-1, null];
    for await (const events of this.log.read(REGISTRY)) {
      for (const event of events) {
        names.push(open<{ name: string }>(event.type, event.body, catalogEventDefinitions).data.name);
        ({ revision } = event);
        hash = hashOf(REGISTRY, event.revision, event.type, event.body);
      }
    }
    this.names = names;
    return { revision, hash };
  }

  private async register(name: string, origin: Origin): Promise<void> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const at = await this.readRegistry();
      if (this.names.includes(name)) return;
      const fact = { type: 'CatalogListed', data: { name }, recordedAt: this.clock() };
      if (await this.append(REGISTRY, at, [fact], causeOf('ImportCatalog', name, origin))) return;
    }
    throw new BillingError('unavailable', 'catalog_contended', { detail: 'catalogs are imported from many places at once; try again' });
  }
}

const causeOf = (command: string, name: string, { actor, correlationId, traceparent }: Origin): Cause =>
  ({ actor, correlationId, causationId: `${command}/${name}`, ...(traceparent === undefined ? {} : { traceparent }) });
