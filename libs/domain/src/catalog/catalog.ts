import { assertNever, BillingError, type Instant } from '#libs/kernel';
import type { Rounding, Unit } from '#libs/money';
import type { RateCard } from '../pricing/index.js';
import type { CatalogFact } from './events.js';
import { policiesOf, type Policies } from './policies.js';
import type { CatalogFile, CatalogTerms } from './schema.js';
import { thresholdsOf, type Threshold } from './thresholds.js';
import { catalogVersion, inForceAt, inPrecedence, type CatalogVersion } from './versions.js';

/** What an operator sells by: a unit, dated prices, packs, tiers, warnings and policies. */
export interface Catalog {
  /** Of the last event applied. */
  readonly revision: number;
  readonly lastRecordedAt: Instant;
  readonly name: string;
  readonly unit: Unit;
  /** What credit is paid in. */
  readonly currency: string;
  readonly scale: number;
  readonly rounding: Rounding;
  /** As written, for answers. */
  readonly terms: CatalogTerms;
  /** From the mildest to the most severe. */
  readonly thresholds: readonly Threshold[];
  readonly policies: Policies;
  /** Version n stands at n - 1. */
  readonly versions: readonly CatalogVersion[];
  /** The versions, the one to prefer first. */
  readonly precedence: readonly CatalogVersion[];
}

/** Applies what happened. Total for the events of a catalog's stream, in their order. */
export const evolveCatalog = (catalog: Catalog | undefined, fact: CatalogFact): Catalog => {
  const step = { revision: (catalog?.revision ?? -1) + 1, lastRecordedAt: fact.recordedAt };
  if (fact.type === 'CatalogImported') {
    const { name, unit, currency, scale, rounding, ...terms } = fact.data;
    return { ...step, name, unit, currency, scale, rounding, ...inEffect(terms), versions: [], precedence: [] };
  }
  if (!catalog) throw new TypeError(`${fact.type} before CatalogImported`);
  switch (fact.type) {
    case 'CatalogChanged':
      return { ...catalog, ...step, ...inEffect(fact.data) };
    case 'RateCardPublished': {
      const versions = [...catalog.versions, catalogVersion(catalog, { ...fact.data, publishedAt: fact.recordedAt })];
      return { ...catalog, ...step, versions, precedence: inPrecedence(versions) };
    }
    default:
      return assertNever(fact);
  }
};

const inEffect = (terms: CatalogTerms): Pick<Catalog, 'terms' | 'thresholds' | 'policies'> =>
  ({ terms, thresholds: thresholdsOf(terms.thresholds), policies: policiesOf(terms.policies) });

/** The prices in force at an instant: of the versions that have begun, the one that began last; of two, the later published. */
export const versionAt = ({ precedence }: Catalog, instant: Instant): RateCard => inForceAt(precedence, instant).card();

/** @throws not_found/not_found */
export const catalogVersionOf = ({ name, versions }: Catalog, version: number): CatalogVersion => {
  const found = versions[version - 1];
  if (!found) throw new BillingError('not_found', 'not_found', { detail: `catalog ${name} has no rate card version ${version}; its latest is ${versions.length}` });
  return found;
};

/** The prices of one version. @throws not_found/not_found */
export const cardOf = (catalog: Catalog, version: number): RateCard => catalogVersionOf(catalog, version).card();

/** The file that would import a catalog as it stands, with the prices of one of its versions. */
export const catalogFile = ({ name, unit, currency, scale, rounding, terms }: Catalog, { models }: Pick<CatalogVersion, 'models'>): CatalogFile =>
  ({ name, unit, currency, scale, rounding, ...terms, rateCard: { models: [...models] } });
