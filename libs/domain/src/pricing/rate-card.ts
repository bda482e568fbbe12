import type { Instant } from '#libs/kernel';
import type { Rounding } from '#libs/money';
import { NamesByLikeness } from './closest.js';
import { compileModel, type ModelPrice, type PricedModel } from './model.js';
import { unknownModel } from './refusals.js';

interface Terms {
  readonly catalog: string;
  readonly version: number;
  /** Null for a catalog's first version: in force since for ever. */
  readonly effectiveFrom: Instant | null;
  /** Digits after the point a charge is rounded to. */
  readonly scale: number;
  readonly rounding: Rounding;
}

/** A version of a catalog's prices as it is written; its models have passed `modelsSchema`. */
export interface RateCardSource extends Terms {
  readonly models: readonly ModelPrice[];
}

/** An immutable version of a catalog's prices, made ready to price with: every price is parsed once. */
export interface RateCard extends Terms {
  /** In the order they are shown. */
  readonly models: readonly PricedModel[];
  /** By name and alias. */
  readonly named: ReadonlyMap<string, PricedModel>;
  /** The names most like one that is not there, the best first. */
  readonly namesLike: (name: string) => string[];
}

export const compileRateCard = ({ models: sources, ...terms }: RateCardSource): RateCard => {
  const models = sources.map(compileModel);
  const named = new Map(models.flatMap((model) => [model.name, ...(model.source.aliases ?? [])].map((name) => [name, model])));
  // Most cards are never asked: many versions are kept, and few requests name what does not exist.
  let byLikeness: NamesByLikeness | undefined;
  const namesLike = (name: string): string[] => (byLikeness ??= new NamesByLikeness(named.keys())).closestTo(name);
  return { ...terms, models, named, namesLike };
};

/** @throws unpriced/unknown_model with the names most like it */
export const modelOf = ({ named, namesLike }: RateCard, name: string): PricedModel => {
  const model = named.get(name);
  if (!model) throw unknownModel(name, namesLike(name));
  return model;
};
