import { addMs, epochMsOf, fingerprint, type Instant } from '#libs/kernel';
import { formatAmount, parseAmount } from '#libs/money';
import { answeredBy, asItStands, closedView, openView, type Answer, type Result } from '../answers.js';
import { chargeHistory, type ChargeHistory } from '../charge-history.js';
import type { IncreaseHold, PlaceHold, ReleaseHold, ShowHold } from '../commands.js';
import { partsData, partsMember, record, type Draft } from '../draft.js';
import { giveBack, takeFree } from '../grants.js';
import { chargeKey } from '../ids.js';
import type { Past } from '../past.js';
import type { Hold } from '../state.js';
import { contentOf, costMembers, costOf, pinAt } from './pricing.js';
import { holdClosed, idempotencyConflict, invalid, notFound, requireAvailable, stateConflict } from './refusals.js';
import type { Rule } from './rule.js';

/** Longest time to live of a hold, from now. */
export const MAX_TTL_SECONDS = 7 * 86_400;

/**
 * Reserves credit for work about to happen, out of specific grants in burn order. Placing again with the same content:
 * the same hold while it is open.
 * @throws conflict/idempotency_conflict (the id was used with other content), conflict/hold_closed (so that no work runs
 *   unpaid), unpriced/*, insufficient/overdrawn, insufficient/insufficient_credits
 */
export const placeHold: Rule<PlaceHold> = (command, { draft, terms, at, catalog, past }) => {
  const { holdId, onExcess = 'charge', ttlSeconds } = command;
  const content = fingerprint({ ...contentOf(command, terms), ttlSeconds, onExcess });
  const open = draft.account.holds.get(holdId);
  if (open && open.fingerprint !== content) throw idempotencyConflict(`hold ${holdId}`);
  if (open) return asItStands(draft, openView(open));
  const closed = chargeHistory(past, chargeKey(holdId));
  if (closed?.hold?.fingerprint === content) throw holdClosed(closedView(closed), 'this hold is closed; place a new one under a new id');
  if (closed) throw idempotencyConflict(`hold ${holdId}`);

  const pin = pinAt(catalog, at);
  const cost = costOf(command, pin, catalog, terms);
  requireAvailable(draft.account, cost.amount);
  const { request } = costMembers(cost);
  const placed = record(draft, 'HoldPlaced', {
    holdId, amount: formatAmount(cost.amount), parts: partsData(takeFree(draft.account.grants, cost.amount)),
    expiresAt: addMs(at, ttlSeconds === undefined ? catalog.policies.holdTtlMs : ttlSeconds * 1000), onExcess, ...(request ? { request } : {}), pin, fingerprint: content,
  }, at);
  return answeredBy(placed, openView(placed.account.holds.get(holdId) as Hold));
};

/**
 * Enlarges a hold to a new total, or prolongs it to a new end from now; both only ever raise.
 * A repeat of the last increase, within a tenth of its time to live, is that increase.
 * @throws not_found, conflict/hold_closed, invalid/invalid_request, conflict/state_conflict (lower than it is),
 *   insufficient/overdrawn, insufficient/insufficient_credits
 */
export const increaseHold: Rule<IncreaseHold> = (command, { draft, terms, at, past }) => {
  const { holdId, ttlSeconds } = command;
  const { account } = draft;
  const hold = account.holds.get(holdId);
  if (!hold) throw holdClosed(closedView(requireClosed(past, holdId)), 'a closed hold cannot be increased');
  if (command.amount === undefined && ttlSeconds === undefined) throw invalid('amount', 'a new total amount, a new ttlSeconds, or both');
  const amount = command.amount === undefined ? hold.amount : parseAmount(command.amount, terms.scale);
  const content = fingerprint({ amount: command.amount === undefined ? undefined : formatAmount(amount), ttlSeconds });
  if (isRepeat(hold, content, ttlSeconds, at)) return asItStands(draft, openView(hold));
  const expiresAt = ttlSeconds === undefined ? hold.expiresAt : addMs(at, ttlSeconds * 1000);
  if (amount < hold.amount) throw stateConflict('an increase only raises; settle or release to give back', { amount: formatAmount(hold.amount) });
  if (expiresAt < hold.expiresAt) throw stateConflict('an increase only prolongs', { expiresAt: hold.expiresAt });
  const added = amount - hold.amount;
  if (added === 0n && expiresAt === hold.expiresAt) return asItStands(draft, openView(hold));
  if (added > 0n) requireAvailable(account, added);
  const raised = record(draft, 'HoldIncreased', {
    holdId, amount: formatAmount(amount), parts: partsData(takeFree(account.grants, added)), expiresAt, fingerprint: content,
  }, at);
  return answeredBy(raised, openView(raised.account.holds.get(holdId) as Hold));
};

/** A retry comes soon after the first try; a prolongation meant anew comes after a good part of the time it bought. */
const isRepeat = ({ increase }: Hold, content: string, ttlSeconds: number | undefined, at: Instant): boolean =>
  increase?.fingerprint === content && (ttlSeconds === undefined || epochMsOf(at) - epochMsOf(increase.at) < ttlSeconds * 100);

/**
 * Gives back all that a hold still holds: the work failed or did not happen. Of a closed hold it changes nothing and
 * tells how the hold had ended.
 * @throws not_found
 */
export const releaseHold: Rule<ReleaseHold> = ({ holdId, reason, facts }, { draft, at, past }) => {
  const hold = draft.account.holds.get(holdId);
  if (!hold) {
    const closed = requireClosed(past, holdId);
    return asItStands(draft, closedView(closed), outcomeOf(closed));
  }
  const { released, lapsed } = giveBack(draft.account, hold.parts, at);
  const after = record(draft, 'HoldReleased', {
    holdId, ...(reason === undefined ? {} : { reason }), ...(facts === undefined ? {} : { facts }),
    ...partsMember('released', released), ...partsMember('lapsed', lapsed),
  }, at);
  return answeredBy(after, { ...closedViewOf(hold), status: 'released' });
};

const outcomeOf = ({ outcome }: ChargeHistory): Answer['outcome'] =>
  (outcome === 'released' ? 'already_released' : outcome === 'expired' ? 'expired' : 'already_settled');

const closedViewOf = (hold: Hold) => {
  const { costEstimate: _, ...view } = openView(hold);
  return { ...view, held: '0' };
};

/** @throws not_found */
export const showHold: Rule<ShowHold> = ({ holdId }, { draft, past }): Result => {
  const hold = draft.account.holds.get(holdId);
  return asItStands(draft, hold ? openView(hold) : closedView(requireClosed(past, holdId)));
};

/** @throws not_found */
export const requireClosed = (past: Past, holdId: string): ChargeHistory => {
  const closed = chargeHistory(past, chargeKey(holdId));
  if (!closed) throw notFound(`hold ${holdId}`);
  return closed;
};

/** A hold reached its end: everything it still holds goes back. */
export const expireHold = (draft: Draft, holdId: string, at: Instant): Draft => {
  const hold = draft.account.holds.get(holdId) as Hold;
  const { released, lapsed } = giveBack(draft.account, hold.parts, at);
  return record(draft, 'HoldExpired', { holdId, ...partsMember('released', released), ...partsMember('lapsed', lapsed) }, at);
};

