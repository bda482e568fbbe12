import { chargeHistory, endOf, type ChargeHistory } from '../charge-history.js';
import { chargeKey } from '../ids.js';
import { notFound } from './refusals.js';
import type { Given } from './rule.js';

/** What became of an id that no open hold has; undefined when it was never used. A direct charge is found too. */
export const closedHold = ({ before, past }: Given, id: string): ChargeHistory | undefined => {
  const ended = before.holds.get(id);
  return ended ? endOf(ended, 'expired') : chargeHistory(past, chargeKey(id));
};

/** @throws not_found */
export const requireClosed = (given: Given, id: string): ChargeHistory => {
  const closed = closedHold(given, id);
  if (!closed) throw notFound(`hold ${id}`);
  return closed;
};
