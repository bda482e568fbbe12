import { addMs, fingerprint } from '#libs/kernel';
import { AMOUNT_SCALE, formatAmount, least, minorUnitScale, parseAmount, roundTo, sum, toAmount, type Amount } from '#libs/money';
import { answeredBy, answeredByPast, type Result } from '../answers.js';
import { chargeHistory, debtOf, partsStanding } from '../charge-history.js';
import type { Refund } from '../commands.js';
import { owedOf } from '../debt.js';
import { record, somePartsData } from '../draft.js';
import { findGrant, giveBack, inBurnOrder, splitParts } from '../grants.js';
import { chargeKey, DEBT_KEY, usageKey } from '../ids.js';
import type { Grant, Stretch } from '../state.js';
import { DEFAULT_PRIORITY, earlierUse } from './credit.js';
import { invalid, notFound, stateConflict } from './refusals.js';
import type { Given, Rule } from './rule.js';

const DAY_MS = 86_400_000;

/**
 * Undoes a charge, or gives a purchase back, in whole or part (all that is left where no amount is given).
 * @throws invalid/invalid_request, conflict/idempotency_conflict, not_found, conflict/state_conflict (more than is left)
 */
export const refund: Rule<Refund> = (command, given) => {
  const { draft, terms, past } = given;
  const asked = command.amount === undefined ? undefined : parseAmount(command.amount, terms.scale);
  if (asked === 0n) throw invalid('amount', 'more than zero');
  const content = fingerprint({ id: command.id, of: command.of, amount: asked === undefined ? undefined : formatAmount(asked), reason: command.reason });
  const earlier = earlierUse(past, 'refund', command, content);
  if (earlier) return answeredByPast(draft, earlier);
  return 'purchase' in command.of
    ? refundPurchase(command, command.of.purchase, asked, content, given)
    : refundCharge(command, command.of, asked, content, given);
};

/** @throws conflict/state_conflict unless there is something left, and enough of it. */
const within = (asked: Amount | undefined, left: Amount, what: string): Amount => {
  if (left === 0n || (asked !== undefined && asked > left)) {
    throw stateConflict(left === 0n ? `nothing of ${what} is left to refund` : `more than is left of ${what}`, { refundable: formatAmount(left) });
  }
  return asked ?? left;
};

const base = ({ id, idempotencyKey, reason }: Refund, amount: Amount, content: string) =>
  ({ refundId: id, idempotencyKey, amount: formatAmount(amount), reason, fingerprint: content });

const refundPurchase = (command: Refund, purchase: string, asked: Amount | undefined, content: string, { draft, terms, at }: Given): Result => {
  const grant = findGrant(draft.account, `purchase/${purchase}`);
  if (!grant?.paid) throw notFound(`purchase ${purchase}`);
  // Of an expired one nothing is free any more.
  const amount = within(asked, grant.free, `purchase ${purchase} (its free, unexpired part)`);
  const money = { amount: formatAmount(moneyBack(grant, amount, terms.unit)), currency: grant.paid.currency };
  return answeredBy(record(draft, 'RefundIssued', { ...base(command, amount, content), purchase, money }, at));
};

/**
 * Money for credit given back, in proportion to what was paid. Rounded on the running total, so that many small refunds
 * return exactly what one large one would, and all of them what was paid, to the last digit.
 */
const moneyBack = (grant: Grant, amount: Amount, unit: string): Amount => {
  const paid = grant.paid as NonNullable<Grant['paid']>;
  if (paid.currency === unit && paid.amount === grant.amount) return amount;
  const scale = minorUnitScale(paid.currency);
  const upTo = (credit: Amount): Amount => {
    if (credit === grant.amount) return paid.amount;
    const share = { digits: (paid.amount * credit) / grant.amount, scale: AMOUNT_SCALE };
    return least(toAmount(roundTo(share, scale, 'half_up')), paid.amount);
  };
  return upTo(grant.refunded + amount) - upTo(grant.refunded);
};

const refundCharge = (
  command: Refund, { charge, source }: { charge: string; source?: string | undefined }, asked: Amount | undefined, content: string,
  { draft, at, past, catalog }: Given,
): Result => {
  const key = source === undefined ? chargeKey(charge) : usageKey(source, charge);
  const history = chargeHistory(past, key);
  if (!history) throw notFound(`charge ${charge}`);
  const amount = within(asked, history.charged - history.refunded, `charge ${charge}`);

  const owed = debtOf(history).flatMap((stretch) => owedOf(draft.account.debt, stretch));
  const cancelled = lastOf(owed, amount);
  // Debt may have been paid in this very decision, by what was due: by a hold that ended.
  const payers = [...past.get(DEBT_KEY) ?? [], ...draft.facts];
  const standing = inBurnOrder(draft.account, partsStanding(history, payers)).toReversed();
  const undone = splitParts(standing, amount - sum(cancelled.map((piece) => piece.amount))).taken;
  const { released, lapsed } = giveBack(draft.account, undone, at);
  const lost = sum(lapsed.map((part) => part.amount));
  return answeredBy(record(draft, 'RefundIssued', {
    ...base(command, amount, content), charge, source,
    debtCancelled: cancelled.length === 0 ? undefined : cancelled.map((piece) => ({ from: formatAmount(piece.from), amount: formatAmount(piece.amount) })),
    returned: somePartsData(released), undone: somePartsData(undone),
    newGrant: lost === 0n ? undefined : {
      grant: `refund/${command.id}`, amount: formatAmount(lost), priority: DEFAULT_PRIORITY, expiresAt: addMs(at, catalog.policies.refundValidDays * DAY_MS),
    },
  }, at));
};

/** The last `amount` of what is owed: the end of the line, so that the oldest debt stays the next to be paid. */
const lastOf = (owed: readonly Stretch[], amount: Amount): Stretch[] => {
  const pieces: Stretch[] = [];
  let missing = amount;
  for (const piece of owed.toReversed()) {
    const take = least(piece.amount, missing);
    if (take > 0n) pieces.unshift({ from: piece.from + piece.amount - take, amount: take });
    missing -= take;
  }
  return pieces;
};
