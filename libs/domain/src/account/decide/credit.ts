import { addMs, fingerprint, type Instant } from '#libs/kernel';
import { formatAmount, parseAmount, type Amount } from '#libs/money';
import { resolvePack, type Catalog } from '../../catalog/index.js';
import { answeredBy, answeredByPast, type Result } from '../answers.js';
import type { BuyCredit, GrantCredit } from '../commands.js';
import { record } from '../draft.js';
import type { Past, PastFact } from '../past.js';
import type { AccountTerms } from '../state.js';
import { idempotencyConflict, invalid } from './refusals.js';
import type { Rule } from './rule.js';

/** 0 burns first, 100 last. */
export const DEFAULT_PRIORITY = 50;
const DAY_MS = 86_400_000;

/**
 * The earlier event under an id or an idempotency key of an operation.
 * @throws conflict/idempotency_conflict when either was used with other content
 */
export const earlierUse = (past: Past, operation: string, { id, idempotencyKey }: { id: string; idempotencyKey: string }, content: string): PastFact | undefined => {
  for (const key of [`${operation}/${idempotencyKey}`, `${operation}/${id}`]) {
    const used = past.get(key)?.[0];
    if (!used) continue;
    if ('fingerprint' in used.data && used.data.fingerprint === content) return used;
    throw idempotencyConflict(key);
  }
  return undefined;
};

const requireFuture = (expiresAt: Instant | undefined, at: Instant): void => {
  if (expiresAt !== undefined && expiresAt <= at) throw invalid('expiresAt', `not in the future; it is ${at}`);
};

const positive = (amount: Amount, path: string): Amount => {
  if (amount === 0n) throw invalid(path, 'more than zero');
  return amount;
};

/**
 * Sells credit: a pack of the catalog, or a plain amount. Debt is paid from it at once.
 * @throws conflict/idempotency_conflict, then invalid/invalid_request (no such pack or validity, amount, expiry not in the future)
 */
export const buyCredit: Rule<BuyCredit> = (command, { draft, terms, at, catalog, past }) => {
  const { id, idempotencyKey, pack, validity, priority = DEFAULT_PRIORITY } = command;
  // Amounts mean the same however they are written: "4" is "4.00".
  const content = fingerprint({
    id, pack, validity, priority, expiresAt: command.expiresAt,
    amount: command.amount === undefined ? undefined : formatAmount(parseAmount(command.amount, terms.scale)),
    paid: command.paid && { amount: formatAmount(parseAmount(command.paid.amount, 12, 'paid.amount')), currency: command.paid.currency },
  });
  const earlier = earlierUse(past, 'purchase', command, content);
  if (earlier) return answeredByPast(draft, earlier);
  requireFuture(command.expiresAt, at);
  const { amount, paid, expiresAt } = priceOf(command, terms, catalog, at);
  return answeredBy(record(draft, 'CreditsPurchased', {
    purchaseId: id, idempotencyKey, grant: `purchase/${id}`, amount: formatAmount(amount), paid: { amount: formatAmount(paid.amount), currency: paid.currency },
    priority, expiresAt, ...(pack === undefined ? {} : { pack }), ...(validity === undefined ? {} : { validity }), fingerprint: content,
  }, at));
};

interface Sale { readonly amount: Amount; readonly paid: { readonly amount: Amount; readonly currency: string }; readonly expiresAt: Instant | null }

const priceOf = (command: BuyCredit, terms: AccountTerms, catalog: Catalog, at: Instant): Sale => {
  if (command.pack !== undefined) {
    if (command.amount !== undefined || command.paid !== undefined || command.expiresAt !== undefined) {
      throw invalid('pack', 'a pack has its own amount, price and validity; leave amount, paid and expiresAt out');
    }
    const { amount, paid, validDays } = resolvePack(catalog, command.pack, command.validity);
    return { amount, paid, expiresAt: validDays === null ? null : addMs(at, validDays * DAY_MS) };
  }
  if (command.amount === undefined) throw invalid('amount', 'either amount or pack is needed');
  if (command.validity !== undefined) throw invalid('validity', 'goes with a pack; give expiresAt with an amount');
  const amount = positive(parseAmount(command.amount, terms.scale), 'amount');
  const expiresAt = command.expiresAt ?? null;
  const isCurrency = terms.unit !== 'credit';
  if (!command.paid && !isCurrency) throw invalid('paid', `what was paid, as {amount, currency}, is needed where the unit is credit`);
  if (!command.paid) return { amount, paid: { amount, currency: terms.unit }, expiresAt };
  if (command.paid.currency !== catalog.currency) throw invalid('paid.currency', `this catalog sells in ${catalog.currency}`);
  return { amount, paid: { amount: parseAmount(command.paid.amount, 12, 'paid.amount'), currency: command.paid.currency }, expiresAt };
};

/**
 * Gives credit: a signup bonus, a referral reward, a promotion. Debt is paid from it at once.
 * @throws conflict/idempotency_conflict, then invalid/invalid_request (amount, expiry not in the future)
 */
export const grantCredit: Rule<GrantCredit> = (command, { draft, terms, at, past }): Result => {
  const { id, idempotencyKey, kind, priority = DEFAULT_PRIORITY, expiresAt, reason } = command;
  const amount = positive(parseAmount(command.amount, terms.scale), 'amount');
  const content = fingerprint({ id, kind, amount: formatAmount(amount), priority, expiresAt, reason });
  const earlier = earlierUse(past, 'grant', command, content);
  if (earlier) return answeredByPast(draft, earlier);
  requireFuture(expiresAt, at);
  return answeredBy(record(draft, 'CreditsGranted', {
    grantId: id, idempotencyKey, grant: `grant/${id}`, kind, amount: formatAmount(amount), priority, expiresAt: expiresAt ?? null,
    ...(reason === undefined ? {} : { reason }), fingerprint: content,
  }, at));
};
