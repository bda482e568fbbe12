import { addMs, fingerprint } from '#libs/kernel';
import { answeredBy, answeredByPast, type Result } from '../answers.js';
import { chargeHistory } from '../charge-history.js';
import type { ChargeUsage, ReportUsage } from '../commands.js';
import type { Draft } from '../draft.js';
import { chargeKey, usageKey } from '../ids.js';
import type { Past } from '../past.js';
import { contentOf, costOf, pinAt, readAsked } from './pricing.js';
import { idempotencyConflict, invalid, requireAvailable } from './refusals.js';
import type { Rule } from './rule.js';
import { chargeNow } from './settle.js';

/** How far ahead of the account's now reported usage may lie: clocks differ. */
export const MAX_AHEAD_MS = 5 * 60_000;

/** @throws conflict/idempotency_conflict when the id was used with other content, or by a hold */
const earlierCharge = (draft: Draft, past: Past, key: string, content: string, what: string): Result | undefined => {
  const earlier = chargeHistory(past, key);
  if (!earlier) return undefined;
  const [charged] = earlier.settles;
  if (earlier.hold || charged?.data.fingerprint !== content) throw idempotencyConflict(what);
  return answeredByPast(draft, charged);
};

/**
 * Charges a price known beforehand: hold and settle in one.
 * @throws invalid/invalid_request, conflict/idempotency_conflict, unpriced/*, insufficient/overdrawn,
 *   insufficient/insufficient_credits
 */
export const chargeUsage: Rule<ChargeUsage> = (command, { draft, terms, at, catalog, past }) => {
  const { chargeId, facts } = command;
  const asked = readAsked(command, terms);
  const content = fingerprint(contentOf(asked));
  const earlier = earlierCharge(draft, past, chargeKey(chargeId), content, `charge ${chargeId}`);
  if (earlier) return earlier;
  const cost = costOf(asked, pinAt(catalog, at), catalog);
  requireAvailable(draft.account, cost.amount);
  return answeredBy(chargeNow(draft, { chargeId, via: 'charge', cost, facts }, content, at));
};

/**
 * Records usage after the fact, priced by the rate card in force when it occurred. The work was done, so it is never
 * refused for want of credit: the account goes overdrawn.
 * @throws invalid/invalid_request (amount), conflict/idempotency_conflict, invalid/invalid_request (too far in the future),
 *   unpriced/*
 */
export const reportUsage: Rule<ReportUsage> = (command, { draft, terms, at, catalog, past }) => {
  const { source, usageId, occurredAt, facts } = command;
  const asked = readAsked(command, terms);
  const content = fingerprint({ ...contentOf(asked), occurredAt });
  const earlier = earlierCharge(draft, past, usageKey(source, usageId), content, `usage ${usageId} of this source`);
  if (earlier) return earlier;
  if (occurredAt > addMs(at, MAX_AHEAD_MS)) throw invalid('time', `more than 5 minutes in the future; it is ${at}`);
  const cost = costOf(asked, pinAt(catalog, occurredAt), catalog);
  return answeredBy(chargeNow(draft, { chargeId: usageId, via: 'usage', source, cost, facts }, content, at, occurredAt));
};
