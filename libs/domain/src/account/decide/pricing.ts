import type { Instant } from '#libs/kernel';
import { formatAmount, parseAmount, type Amount } from '#libs/money';
import { cardOf, versionAt, type Catalog } from '../../catalog/index.js';
import { priceUsage, REQUESTS, type UsageRequest } from '../../pricing/index.js';
import type { Priceable } from '../commands.js';
import type { PriceData } from '../events.js';
import type { AccountTerms, PricePin } from '../state.js';
import { invalid } from './refusals.js';

/** What is asked to be charged: usage still to be priced, or an amount. */
export type Asked =
  | { readonly request: UsageRequest; readonly amount?: undefined }
  | { readonly request?: undefined; readonly amount: Amount };

/** @throws invalid/invalid_request unless it is usage or an amount, one of the two, and the amount one of the account's unit */
export const readAsked = ({ request, amount }: Priceable, { scale }: AccountTerms): Asked => {
  if (request !== undefined && amount === undefined) return { request };
  if (request === undefined && amount !== undefined) return { amount: parseAmount(amount, scale) };
  throw invalid('amount', 'either model and usage, or amount');
};

/** As the content of a fingerprint: "4" is "4.00", and one request is what usage that does not say means. */
export const contentOf = ({ request, amount }: Asked): { request?: UsageRequest; amount?: string } => {
  if (amount !== undefined) return { amount: formatAmount(amount) };
  const { [REQUESTS]: requests, ...usage } = request.usage;
  return { request: requests === '1' ? { ...request, usage } : request };
};

export const pinAt = (catalog: Catalog, at: Instant): PricePin => ({ catalog: catalog.name, version: versionAt(catalog, at).version, at });

/** What something costs, and how that was arrived at; `request` and `price` are undefined for a plain amount. */
export interface Cost {
  readonly amount: Amount;
  readonly request: UsageRequest | undefined;
  readonly price: PriceData | undefined;
}

/**
 * Prices usage by the pinned rate card version; a plain amount costs itself.
 * @throws unpriced/* as priceUsage
 */
export const costOf = ({ request, amount }: Asked, pin: PricePin, catalog: Catalog): Cost => {
  if (request === undefined) return { amount, request: undefined, price: undefined };
  const { cost, exact, breakdown, model } = priceUsage(cardOf(catalog, pin.version), request);
  const { version, at } = pin;
  // An alias is recorded as the model it stands for, so that a usage log adds up by model.
  return { amount: cost, request: model === request.model ? request : { ...request, model }, price: { catalog: pin.catalog, version, at, exact, breakdown } };
};
