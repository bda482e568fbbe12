import type { Instant } from '#libs/kernel';
import { formatAmount, parseAmount, type Amount } from '#libs/money';
import { cardOf, versionAt, type Catalog } from '../../catalog/index.js';
import { priceUsage, type UsageRequest } from '../../pricing/index.js';
import type { Priceable } from '../commands.js';
import type { PriceData } from '../events.js';
import type { AccountTerms, PricePin } from '../state.js';
import { invalid } from './refusals.js';

/** What something costs, and how that was arrived at; `price` is undefined for a plain amount. */
export interface Cost {
  readonly amount: Amount;
  readonly request: UsageRequest | undefined;
  readonly price: PriceData | undefined;
}

/**
 * The content of a priceable request, for its fingerprint: "4" is "4.00".
 * @throws invalid/invalid_request unless it is usage or an amount, one of the two, and the amount one of the account's unit
 */
export const contentOf = ({ request, amount }: Priceable, { scale }: AccountTerms): object => {
  if ((request === undefined) === (amount === undefined)) throw invalid('amount', 'either model and usage, or amount');
  return request ? { request } : { amount: formatAmount(parseAmount(amount as string, scale)) };
};

export const pinAt = (catalog: Catalog, at: Instant): PricePin => ({ catalog: catalog.name, version: versionAt(catalog, at).version, at });

/**
 * Prices usage by the pinned rate card version, or takes the plain amount.
 * @throws unpriced/* as priceUsage
 */
export const costOf = ({ request, amount }: Priceable, pin: PricePin, catalog: Catalog, { scale }: AccountTerms): Cost => {
  if (request === undefined) return { amount: parseAmount(amount as string, scale), request: undefined, price: undefined };
  const { cost, exact, breakdown } = priceUsage(cardOf(catalog, pin.version), request);
  return { amount: cost, request, price: { ...pin, exact, breakdown } };
};

/** As members of an event: left out of a plain amount's. */
export const costMembers = ({ request, price }: Cost): { request?: UsageRequest; price?: PriceData } =>
  (request && price ? { request, price } : {});

