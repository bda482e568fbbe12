import { assertNever, BillingError, canonicalJson, fingerprint, later, type Instant } from '#libs/kernel';
import type { ModelPrice } from '../pricing/index.js';
import { evolveCatalog, type Catalog } from './catalog.js';
import type { CatalogEvent, CatalogFact } from './events.js';
import type { CatalogFile } from './schema.js';

/** Brings a catalog in, or its terms up to date. The file has passed `parseCatalog`. */
export interface ImportCatalog {
  readonly type: 'ImportCatalog';
  readonly file: CatalogFile;
}

/** Publishes new prices for what occurs from an instant on, past or to come. The models have passed `modelsSchema`. */
export interface PublishRateCard {
  readonly type: 'PublishRateCard';
  /** The caller's, unique within the catalog. */
  readonly id: string;
  readonly effectiveFrom: Instant;
  readonly models: readonly ModelPrice[];
}

export type CatalogCommand = ImportCatalog | PublishRateCard;

export type CatalogOutcome =
  | { readonly kind: 'imported' | 'changed' | 'unchanged' }
  /** `repeated`: it had been published before, under this id. */
  | { readonly kind: 'published'; readonly version: number; readonly repeated: boolean };

export interface CatalogTransition {
  readonly facts: readonly CatalogFact[];
  readonly catalog: Catalog;
  readonly outcome: CatalogOutcome;
}

const stateConflict = (detail: string): BillingError => new BillingError('conflict', 'state_conflict', { detail });

/** What a command leads to. Time comes in with it and never runs backwards within a catalog. */
export const transitionCatalog = (catalog: Catalog | undefined, command: CatalogCommand, { now }: { readonly now: Instant }): CatalogTransition => {
  const recordedAt = catalog ? later(catalog.lastRecordedAt, now) : now;
  const { events, outcome } = decide(catalog, command);
  const facts = events.map((event): CatalogFact => ({ ...event, recordedAt }));
  // A command that decides nothing was about a catalog that is there.
  return { facts, catalog: facts.reduce<Catalog | undefined>(evolveCatalog, catalog) as Catalog, outcome };
};

interface Decided {
  readonly events: readonly CatalogEvent[];
  readonly outcome: CatalogOutcome;
}

const decide = (catalog: Catalog | undefined, command: CatalogCommand): Decided => {
  switch (command.type) {
    case 'ImportCatalog': return catalog ? reimport(catalog, command.file) : firstImport(command.file);
    case 'PublishRateCard': return publish(catalog, command);
    default: return assertNever(command);
  }
};

const published = (version: number, id: string | null, effectiveFrom: Instant | null, models: readonly ModelPrice[]): CatalogEvent =>
  ({ type: 'RateCardPublished', data: { version, effectiveFrom, id, fingerprint: fingerprint(models), models: [...models] } });

const firstImport = ({ rateCard: { models }, ...data }: CatalogFile): Decided =>
  ({ events: [{ type: 'CatalogImported', data }, published(1, null, null, models)], outcome: { kind: 'imported' } });

/**
 * Takes a catalog file for a catalog that is there. Its prices must be those of a version that is there, not only of the
 * latest: a file that was imported once can be imported again after prices have moved on.
 * @throws conflict/state_conflict for another unit, currency, scale or rounding, then for other prices
 */
const reimport = (catalog: Catalog, { rateCard: { models }, name, unit, currency, scale, rounding, ...terms }: CatalogFile): Decided => {
  for (const [field, stored, wanted] of [
    ['name', catalog.name, name], ['unit', catalog.unit, unit], ['currency', catalog.currency, currency], ['scale', catalog.scale, scale], ['rounding', catalog.rounding, rounding],
  ] as const) {
    if (stored !== wanted) throw stateConflict(`the ${field} of catalog ${catalog.name} is ${stored} and can never change`);
  }
  const prices = fingerprint(models);
  if (!catalog.versions.some((version) => version.fingerprint === prices)) {
    throw stateConflict(`catalog ${catalog.name} is there with another rate card; publish a version of it to change prices`);
  }
  if (canonicalJson(terms) === canonicalJson(catalog.terms)) return { events: [], outcome: { kind: 'unchanged' } };
  return { events: [{ type: 'CatalogChanged', data: terms }], outcome: { kind: 'changed' } };
};

/** @throws not_found/not_found, then conflict/idempotency_conflict (same id, other content) */
const publish = (catalog: Catalog | undefined, { id, effectiveFrom, models }: PublishRateCard): Decided => {
  if (!catalog) throw new BillingError('not_found', 'not_found', { detail: 'there is no such catalog' });
  const earlier = catalog.versions.find((version) => version.id === id);
  if (earlier && (earlier.effectiveFrom !== effectiveFrom || earlier.fingerprint !== fingerprint(models))) {
    throw new BillingError('conflict', 'idempotency_conflict', { detail: `${id} was used before with other content; send the same content, or another id` });
  }
  if (earlier) return { events: [], outcome: { kind: 'published', version: earlier.version, repeated: true } };
  const version = catalog.versions.length + 1;
  return { events: [published(version, id, effectiveFrom, models)], outcome: { kind: 'published', version, repeated: false } };
};
