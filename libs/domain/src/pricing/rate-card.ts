import type { Rounding } from '#libs/money';

/**
 * One part of a model's price; a model's price is the sum of its components. Later kinds (graduated and volume tiers,
 * packages, percentage, cost-plus) are further members of this union.
 */
export type PriceComponent =
  /** A fee for each request, whatever its size. */
  | { readonly kind: 'flat'; readonly name: string; readonly price: string }
  /** `price` for `per` units of a meter (`per`: a power of ten); `increment` and `minimum` are in the meter's unit. */
  | { readonly kind: 'per_unit'; readonly name: string; readonly meter: string; readonly price: string; readonly per: number; readonly increment?: string; readonly minimum?: string }
  /** A price looked up by named parameters, times a meter's quantity. */
  | { readonly kind: 'matrix'; readonly name: string; readonly meter: string; readonly by: readonly string[]; readonly cells: readonly { readonly when: Readonly<Record<string, string>>; readonly price: string }[]; readonly defaults?: Readonly<Record<string, string>> };

export interface ModelPrice {
  readonly model: string;
  readonly components: readonly PriceComponent[];
  /** Meters recorded without a price. */
  readonly informational?: readonly string[];
  /** Parameters recorded without a bearing on the price (`aspectRatio`). */
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  readonly group?: string;
  readonly assumed?: string;
}

/** An immutable version of a catalog's prices. */
export interface RateCard {
  readonly catalog: string;
  readonly version: number;
  /** Null for a catalog's first version: in force since for ever. */
  readonly effectiveFrom: string | null;
  /** Digits after the point a charge is rounded to. */
  readonly scale: number;
  readonly rounding: Rounding;
  readonly models: ReadonlyMap<string, ModelPrice>;
}
