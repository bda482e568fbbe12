import type { Instant } from '#libs/kernel';
import { compileRateCard, type ModelPrice, type RateCard } from '../pricing/index.js';

/** A version of a catalog's prices. Made ready to price with when it is first asked for: old versions rarely are. */
export interface CatalogVersion {
  readonly version: number;
  /** Null for the first version: in force since for ever. */
  readonly effectiveFrom: Instant | null;
  readonly publishedAt: Instant;
  readonly id: string | null;
  /** Of the models, to tell the same prices from others. */
  readonly fingerprint: string;
  readonly models: readonly ModelPrice[];
  readonly card: () => RateCard;
}

type Terms = Pick<RateCard, 'scale' | 'rounding'> & { readonly name: string };

export const catalogVersion = ({ name, scale, rounding }: Terms, published: Omit<CatalogVersion, 'card'>): CatalogVersion => {
  const { version, effectiveFrom, models } = published;
  let compiled: RateCard | undefined;
  return { ...published, card: () => (compiled ??= compileRateCard({ catalog: name, version, effectiveFrom, scale, rounding, models })) };
};

/** The one in force at an instant comes first of those that have begun: latest `effectiveFrom`, then highest version. */
const byPrecedence = (a: CatalogVersion, b: CatalogVersion): number => {
  const [from, to] = [a.effectiveFrom ?? '', b.effectiveFrom ?? ''];
  return from === to ? b.version - a.version : from < to ? 1 : -1;
};

export const inPrecedence = (versions: readonly CatalogVersion[]): readonly CatalogVersion[] => versions.toSorted(byPrecedence);

/** A first version in force since for ever makes this total. */
export const inForceAt = (precedence: readonly CatalogVersion[], instant: Instant): CatalogVersion =>
  precedence.find(({ effectiveFrom }) => effectiveFrom === null || effectiveFrom <= instant) as CatalogVersion;
