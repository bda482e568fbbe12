import { addMs, epochMsOf, fingerprint, type Instant } from '#libs/kernel';
import { formatAmount, parseAmount } from '#libs/money';
import { answeredBy, asItStands, closedView, openView, type Answer, type Result } from '../answers.js';
import { endOf, type ChargeHistory } from '../charge-history.js';
import type { IncreaseHold, PlaceHold, ReleaseHold, ShowHold } from '../commands.js';
import { partsData, record, somePartsData, type Draft } from '../draft.js';
import { giveBack, takeFree } from '../grants.js';
import type { Hold } from '../state.js';
import { closedHold, requireClosed } from './closed-hold.js';
import { contentOf, costOf, pinAt, readAsked } from './pricing.js';
import { holdClosed, idempotencyConflict, invalid, requireAvailable, stateConflict } from './refusals.js';
import type { Rule } from './rule.js';

/** Longest time to live of a hold, from now. */
export const MAX_TTL_SECONDS = 7 * 86_400;

/** @throws invalid/invalid_request */
const requireTtl = (ttlSeconds: number | undefined): void => {
  if (ttlSeconds === undefined || (Number.isInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= MAX_TTL_SECONDS)) return;
  throw invalid('ttlSeconds', `a whole number of seconds from 1 to ${MAX_TTL_SECONDS} (7 days)`);
};

/**
 * Reserves credit for work about to happen, out of specific grants in burn order. Placing again with the same content:
 * the same hold while it is open.
 * @throws invalid/invalid_request (ttlSeconds, amount), conflict/idempotency_conflict (the id was used with other content),
 *   conflict/hold_closed (so that no work runs unpaid), unpriced/*, insufficient/overdrawn, insufficient/insufficient_credits
 */
export const placeHold: Rule<PlaceHold> = (command, given) => {
  const { draft, terms, at, catalog } = given;
  const { holdId, onExcess = 'charge', ttlSeconds } = command;
  requireTtl(ttlSeconds);
  const asked = readAsked(command, terms);
  const content = fingerprint({ ...contentOf(asked), ttlSeconds, onExcess });
  const open = draft.account.holds.get(holdId);
  if (open && open.fingerprint !== content) throw idempotencyConflict(`hold ${holdId}`);
  if (open) return asItStands(draft, openView(open));
  const closed = closedHold(given, holdId);
  if (closed?.hold?.fingerprint === content) throw holdClosed(closedView(closed), 'this hold is closed; place a new one under a new id');
  if (closed) throw idempotencyConflict(`hold ${holdId}`);

  const pin = pinAt(catalog, at);
  const cost = costOf(asked, pin, catalog);
  requireAvailable(draft.account, cost.amount);
  const ttlMs = ttlSeconds === undefined ? catalog.policies.holdTtlMs : ttlSeconds * 1_000;
  const placed = record(draft, 'HoldPlaced', {
    holdId, amount: formatAmount(cost.amount), parts: partsData(takeFree(draft.account.grants, cost.amount)),
    expiresAt: addMs(at, ttlMs), onExcess, request: cost.request, pin, fingerprint: content,
  }, at);
  return answeredBy(placed, openView(placed.account.holds.get(holdId) as Hold));
};

/**
 * Enlarges a hold to a new total, or prolongs it to a new end from now; both only ever raise.
 * A repeat of the last increase, within a tenth of its time to live, is that increase.
 * @throws not_found, conflict/hold_closed, invalid/invalid_request, conflict/state_conflict (lower than it is),
 *   insufficient/overdrawn, insufficient/insufficient_credits
 */
export const increaseHold: Rule<IncreaseHold> = (command, given) => {
  const { draft: { account }, draft, terms, at } = given;
  const { holdId, ttlSeconds } = command;
  const hold = account.holds.get(holdId);
  if (!hold) throw holdClosed(closedView(requireClosed(given, holdId)), 'a closed hold cannot be increased');
  requireTtl(ttlSeconds);
  if (command.amount === undefined && ttlSeconds === undefined) throw invalid('amount', 'a new total amount, a new ttlSeconds, or both');
  const amount = command.amount === undefined ? hold.amount : parseAmount(command.amount, terms.scale);
  const content = fingerprint({ amount: command.amount === undefined ? undefined : formatAmount(amount), ttlSeconds });
  if (isRepeat(hold, content, ttlSeconds, at)) return asItStands(draft, openView(hold));
  const expiresAt = ttlSeconds === undefined ? hold.expiresAt : addMs(at, ttlSeconds * 1_000);
  if (amount < hold.amount) throw stateConflict('an increase only raises; settle or release to give back', { amount: formatAmount(hold.amount) });
  if (expiresAt < hold.expiresAt) throw stateConflict('an increase only prolongs', { expiresAt: hold.expiresAt });
  if (amount === hold.amount && expiresAt === hold.expiresAt) return asItStands(draft, openView(hold));
  // What was captured beyond the hold is part of its total already.
  const covered = hold.charged + hold.held;
  const added = amount > covered ? amount - covered : 0n;
  requireAvailable(account, added);
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
export const releaseHold: Rule<ReleaseHold> = ({ holdId, reason, facts }, given) => {
  const { draft, at } = given;
  const hold = draft.account.holds.get(holdId);
  if (!hold) {
    const closed = requireClosed(given, holdId);
    return asItStands(draft, closedView(closed), outcomeOf(closed));
  }
  const { released, lapsed } = giveBack(draft.account, hold.parts, at);
  const after = record(draft, 'HoldReleased', {
    holdId, reason, facts: facts && { ...facts }, released: somePartsData(released), lapsed: somePartsData(lapsed),
  }, at);
  return answeredBy(after, closedView(endOf(hold, 'released')));
};

const outcomeOf = ({ outcome }: ChargeHistory): Answer['outcome'] =>
  (outcome === 'released' ? 'already_released' : outcome === 'expired' ? 'expired' : 'already_settled');

/** @throws not_found */
export const showHold: Rule<ShowHold> = ({ holdId }, given): Result => {
  const { draft } = given;
  const hold = draft.account.holds.get(holdId);
  return asItStands(draft, hold ? openView(hold) : closedView(requireClosed(given, holdId)));
};

/** A hold reached its end: everything it still holds goes back. */
export const expireHold = (draft: Draft, holdId: string, at: Instant): Draft => {
  const hold = draft.account.holds.get(holdId) as Hold;
  const { released, lapsed } = giveBack(draft.account, hold.parts, at);
  return record(draft, 'HoldExpired', { holdId, released: somePartsData(released), lapsed: somePartsData(lapsed) }, at);
};

