import { AMOUNT_SCALE, formatDecimal, MAX_INTEGER_DIGITS, roundTo, ten, toAmount, type Amount } from '#libs/money';
import { Bill, type BreakdownLine } from './component.js';
import type { PricedModel } from './model.js';
import { modelOf, type RateCard } from './rate-card.js';
import { costTooLarge, nothingUsed, unknownMeter, unknownParameter } from './refusals.js';
import type { UsageRequest } from './usage.js';

/** What usage costs, and how that came about. */
export interface Priced {
  /** `exact`, rounded once to the card's scale with the card's rounding. */
  readonly cost: Amount;
  /** The sum of the breakdown's amounts. */
  readonly exact: string;
  readonly breakdown: readonly BreakdownLine[];
  /** The model's own name, where the request may have used an alias. */
  readonly model: string;
}

const TOO_LARGE = ten(MAX_INTEGER_DIGITS + AMOUNT_SCALE);

/**
 * Prices usage by a rate card: every component of the model, added up exactly, rounded once.
 * @throws unpriced/unknown_model, then unpriced/unpriced_parameters (a meter or parameter the model does not have, no cell
 *   for the parameters, no priced meter stated at all), each with what is allowed; then invalid/invalid_request when the cost
 *   would be larger than an amount can be
 */
export const priceUsage = (card: RateCard, request: UsageRequest): Priced => {
  const model = modelOf(card, request.model);
  requireKnown(model, request);
  const bill = new Bill();
  for (const component of model.components) component.price(request, bill);
  if (bill.lines.length === 0) throw nothingUsed(model);
  const cost = toAmount(roundTo(bill.exact, card.scale, card.rounding));
  if (cost >= TOO_LARGE) throw costTooLarge(MAX_INTEGER_DIGITS);
  return { cost, exact: formatDecimal(bill.exact), breakdown: bill.lines, model: model.name };
};

/** What has no price must not pass unseen: it would be used for nothing. */
const requireKnown = (model: PricedModel, { usage, parameters }: UsageRequest): void => {
  for (const meter in usage) if (!model.meters.has(meter)) throw unknownMeter(model, meter);
  for (const name in parameters) if (!model.parameters.has(name)) throw unknownParameter(model, name);
};
