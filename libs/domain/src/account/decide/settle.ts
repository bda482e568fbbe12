import { addMs, fingerprint, type Instant } from '#libs/kernel';
import { formatAmount, least, type Amount } from '#libs/money';
import { answeredBy, answeredByPast, asItStands, closedView, openView, type Result } from '../answers.js';
import { endOf, type ChargeHistory } from '../charge-history.js';
import type { SettleHold, WorkFacts } from '../commands.js';
import { record, somePartsData, type Draft } from '../draft.js';
import type { DataOf } from '../events.js';
import { giveBack, splitParts, takeFree } from '../grants.js';
import { balanceOf, type Account, type Hold } from '../state.js';
import { requireClosed } from './closed-hold.js';
import { contentOf, costOf, readAsked, type Asked, type Cost } from './pricing.js';
import { holdClosed, invalid, stateConflict } from './refusals.js';
import type { Given, Rule } from './rule.js';

/**
 * Charges a hold's real cost. The command states the total so far; what was charged before is taken off, so repeating it
 * charges nothing. Not final: a partial capture, the rest stays held. After the hold's expiry, within the late window, it
 * still charges and is final whatever it says.
 * @throws not_found, invalid/invalid_request, conflict/hold_closed (another final settle, released, or past the late
 *   window), unpriced/*, conflict/state_conflict (less than was charged before)
 */
export const settleHold: Rule<SettleHold> = (command, given) => {
  const open = given.draft.account.holds.get(command.holdId);
  return open ? settleOpen(command, open, given) : settleClosed(command, requireClosed(given, command.holdId), given);
};

const settleClosed = (command: SettleHold, closed: ChargeHistory, given: Given): Result => {
  const { hold, outcome } = closed;
  if (!hold) throw holdClosed(closedView(closed), 'this is a charge, settled as it was made');
  const asked = askedOf(command, hold, given);
  const last = closed.settles.at(-1);
  if (outcome === 'settled' && last?.data.fingerprint === fingerprint(contentOf(asked)) && (command.final || last.data.late)) {
    return answeredByPast(given.draft, last, closedView(closed));
  }
  if (outcome !== 'expired') throw holdClosed(closedView(closed), `this hold is ${outcome ?? 'closed'} already`);
  const until = addMs(hold.expiresAt, given.catalog.policies.lateWindowMs);
  if (given.at >= until) throw holdClosed(closedView(closed), `this hold expired, and could be settled until ${until}`);
  return settleLate(command, asked, closed, hold, given);
};

/**
 * What is settled, read; the model and its parameters are the hold's where the command names none.
 * @throws invalid/invalid_request
 */
const askedOf = ({ usage, amount, model, parameters }: SettleHold, { request }: Pick<Hold, 'request'>, { terms }: Given): Asked => {
  if (usage === undefined) return readAsked({ amount }, terms);
  const settled = model ?? request?.model;
  if (settled === undefined) throw invalid('model', 'needed with usage: the hold was placed for a plain amount');
  const with_ = parameters ?? (settled === request?.model ? request.parameters : undefined);
  return readAsked({ request: { model: settled, usage, ...(with_ ? { parameters: with_ } : {}) }, amount }, terms);
};

const settleOpen = (command: SettleHold, hold: Hold, given: Given): Result => {
  const { draft, at, catalog } = given;
  const asked = askedOf(command, hold, given);
  const cost = costOf(asked, hold.pin, catalog);
  const due = dueBeyond(cost.amount, hold.charged);
  const capped = hold.onExcess === 'cap' ? least(due, hold.held) : due;
  if (capped === 0n && !command.final) return asItStands(draft, openView(hold));
  const { taken: fromHeld, rest } = splitParts(hold.parts, least(capped, hold.held));
  const { released, lapsed } = command.final ? giveBack(draft.account, rest, at) : { released: [], lapsed: [] };
  const stillHeld = hold.held - least(capped, hold.held);
  const after = record(draft, 'UsageSettled', {
    ...charge({ chargeId: hold.id, via: 'hold', final: command.final, cost, due, charged: capped, before: hold.charged, facts: command.facts }),
    fromHeld: somePartsData(fromHeld), ...excess(draft.account, capped - (hold.held - stillHeld)),
    released: somePartsData(released), lapsed: somePartsData(lapsed), stillHeld: command.final ? undefined : formatAmount(stillHeld),
    fingerprint: fingerprint(contentOf(asked)),
  }, at);
  const kept = after.account.holds.get(hold.id);
  return answeredBy(after, kept ? openView(kept) : closedView({ ...endOf(hold, 'settled'), charged: hold.charged + capped }));
};

/** @throws conflict/state_conflict when the total is below what was charged before. */
const dueBeyond = (total: Amount, charged: Amount): Amount => {
  if (total < charged) {
    throw stateConflict('a settle states the total so far, which is below what was charged; correct it with a refund',
      { total: formatAmount(total), charged: formatAmount(charged) });
  }
  return total - charged;
};

const settleLate = (
  { facts }: SettleHold, asked: Asked, closed: ChargeHistory, hold: NonNullable<ChargeHistory['hold']>, { draft, at, catalog }: Given,
): Result => {
  const cost = costOf(asked, hold.pin, catalog);
  const due = dueBeyond(cost.amount, closed.charged);
  const { available } = balanceOf(draft.account);
  // What was captured before expiry counts towards the most a capped hold is charged.
  const room = least(hold.amount - closed.charged, available > 0n ? available : 0n);
  const charged = hold.onExcess === 'cap' ? least(due, room > 0n ? room : 0n) : due;
  const after = record(draft, 'UsageSettled', {
    ...charge({ chargeId: hold.id, via: 'hold', final: true, cost, due, charged, before: closed.charged, facts }),
    late: true, ...excess(draft.account, charged), fingerprint: fingerprint(contentOf(asked)),
  }, at);
  return answeredBy(after, { ...closedView({ ...closed, charged: closed.charged + charged, outcome: 'settled' }), late: true });
};

interface Charge {
  readonly chargeId: string;
  readonly via: 'hold' | 'charge' | 'usage';
  readonly source?: string | undefined;
  readonly final: boolean;
  readonly cost: Cost;
  /** What the total is beyond what was charged before. */
  readonly due: Amount;
  /** What of it is charged now. */
  readonly charged: Amount;
  readonly before: Amount;
  readonly facts: WorkFacts | undefined;
}

type ChargeData = Pick<DataOf<'UsageSettled'>, 'chargeId' | 'via' | 'source' | 'final' | 'request' | 'price' | 'total' | 'cost' | 'charged' | 'uncharged' | 'facts'>;

/** The members that every charge states, whichever way it came. */
const charge = ({ chargeId, via, source, final, cost, due, charged, before, facts }: Charge): ChargeData => ({
  chargeId, via, source, final, request: cost.request, price: cost.price, total: formatAmount(cost.amount),
  cost: formatAmount(charged), charged: formatAmount(before + charged),
  uncharged: charged < due ? formatAmount(due - charged) : undefined, facts: facts && { ...facts },
});

/** What goes beyond the hold: from free credit in burn order, and what is missing then becomes debt. */
const excess = (account: Account, amount: Amount): Pick<DataOf<'UsageSettled'>, 'fromFree' | 'owed'> => {
  if (amount === 0n) return {};
  const fromFree = takeFree(account.grants, amount);
  const owed = fromFree.reduce((missing, part) => missing - part.amount, amount);
  return {
    fromFree: somePartsData(fromFree),
    owed: owed > 0n ? { from: formatAmount(account.debt.end), amount: formatAmount(owed) } : undefined,
  };
};

/** Charges at once what has no hold: a direct charge, or usage reported after the fact. */
export const chargeNow = (
  draft: Draft, what: Pick<Charge, 'chargeId' | 'via' | 'source' | 'cost' | 'facts'>, content: string, at: Instant, occurredAt?: Instant,
): Draft => {
  const { amount } = what.cost;
  return record(draft, 'UsageSettled', {
    ...charge({ ...what, final: true, due: amount, charged: amount, before: 0n }), ...excess(draft.account, amount), fingerprint: content,
  }, at, occurredAt);
};
