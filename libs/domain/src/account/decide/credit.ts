import { addMs, fingerprint, type Instant } from '#libs/kernel';
import { AMOUNT_SCALE, formatAmount, parseAmount, type Amount } from '#libs/money';
import { resolvePack, type Catalog } from '../../catalog/index.js';
import { answeredBy, answeredByPast, type Result } from '../answers.js';
import type { BuyCredit, GrantCredit } from '../commands.js';
import { record } from '../draft.js';
import { givenOnce } from '../ids.js';
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
export const earlierUse = (
  past: Past, operation: 'purchase' | 'grant' | 'refund', { id, idempotencyKey }: { id: string; idempotencyKey?: string | undefined }, content: string,
): PastFact | undefined => {
  for (const key of givenOnce(operation, id, idempotencyKey)) {
    const used = past.get(key)?.[0];
    if (!used) continue;
    if ('fingerprint' in used.data && used.data.fingerprint === content) return used;
    throw idempotencyConflict(key);
  }
  return undefined;
};

/** @throws invalid/invalid_request */
const requireFuture = (expiresAt: Instant | undefined, at: Instant): void => {
  if (expiresAt !== undefined && expiresAt <= at) throw invalid('expiresAt', `not in the future; it is ${at}`);
};

const positive = (amount: Amount, path: string): Amount => {
  if (amount === 0n) throw invalid(path, 'more than zero');
  return amount;
};

/** @throws invalid/invalid_request */
const requirePriority = (priority: number): void => {
  if (!Number.isInteger(priority) || priority < 0 || priority > 100) throw invalid('priority', 'a whole number from 0 to 100');
};

/**
 * Sells credit: a pack of the catalog, or a plain amount. Debt is paid from it at once.
 * @throws invalid/invalid_request (priority, amounts), conflict/idempotency_conflict, invalid/invalid_request (expiry not in
 *   the future, no such pack or validity, what was paid)
 */
export const buyCredit: Rule<BuyCredit> = (command, { draft, terms, at, catalog, past }) => {
  const { id, idempotencyKey, pack, validity, expiresAt, priority = DEFAULT_PRIORITY } = command;
  requirePriority(priority);
  const amount = command.amount === undefined ? undefined : positive(parseAmount(command.amount, terms.scale), 'amount');
  const paid = command.paid && { amount: parseAmount(command.paid.amount, AMOUNT_SCALE, 'paid.amount'), currency: command.paid.currency };
  // Amounts mean the same however they are written: "4" is "4.00".
  const content = fingerprint({ id, pack, validity, priority, expiresAt, amount: amount && formatAmount(amount), paid: paid && moneyData(paid) });
  const earlier = earlierUse(past, 'purchase', command, content);
  if (earlier) return answeredByPast(draft, earlier);
  requireFuture(expiresAt, at);
  const sale = pack === undefined ? saleOfAmount({ amount, paid, expiresAt, validity }, terms, catalog) : saleOfPack(pack, command, catalog, at);
  return answeredBy(record(draft, 'CreditsPurchased', {
    purchaseId: id, idempotencyKey, grant: `purchase/${id}`, amount: formatAmount(sale.amount), paid: moneyData(sale.paid),
    priority, expiresAt: sale.expiresAt, pack, validity, fingerprint: content,
  }, at));
};

interface Money { readonly amount: Amount; readonly currency: string }
const moneyData = ({ amount, currency }: Money): { amount: string; currency: string } => ({ amount: formatAmount(amount), currency });

interface Sale { readonly amount: Amount; readonly paid: Money; readonly expiresAt: Instant | null }

const saleOfPack = (pack: string, { validity, amount, paid, expiresAt }: BuyCredit, catalog: Catalog, at: Instant): Sale => {
  if (amount !== undefined || paid !== undefined || expiresAt !== undefined) {
    throw invalid('pack', 'a pack has its own amount, price and validity; leave amount, paid and expiresAt out');
  }
  const { validDays, ...sale } = resolvePack(catalog, pack, validity);
  return { ...sale, expiresAt: validDays === null ? null : addMs(at, validDays * DAY_MS) };
};

type Asked = Pick<BuyCredit, 'validity' | 'expiresAt'> & { readonly amount: Amount | undefined; readonly paid: Money | undefined };

const saleOfAmount = ({ amount, paid, expiresAt, validity }: Asked, terms: AccountTerms, catalog: Catalog): Sale => {
  if (amount === undefined) throw invalid('amount', 'either amount or pack is needed');
  if (validity !== undefined) throw invalid('validity', 'goes with a pack; give expiresAt with an amount');
  if (paid && paid.currency !== catalog.currency) throw invalid('paid.currency', `this catalog sells in ${catalog.currency}`);
  if (!paid && terms.unit === 'credit') throw invalid('paid', 'what was paid, as {amount, currency}, is needed where the unit is credit');
  return { amount, paid: paid ?? { amount, currency: terms.unit }, expiresAt: expiresAt ?? null };
};

/**
 * Gives credit: a signup bonus, a referral reward, a promotion. Debt is paid from it at once.
 * @throws invalid/invalid_request (priority, amount), conflict/idempotency_conflict, invalid/invalid_request (expiry not in
 *   the future)
 */
export const grantCredit: Rule<GrantCredit> = (command, { draft, terms, at, past }): Result => {
  const { id, idempotencyKey, kind, priority = DEFAULT_PRIORITY, expiresAt, reason } = command;
  requirePriority(priority);
  const amount = positive(parseAmount(command.amount, terms.scale), 'amount');
  const content = fingerprint({ id, kind, amount: formatAmount(amount), priority, expiresAt, reason });
  const earlier = earlierUse(past, 'grant', command, content);
  if (earlier) return answeredByPast(draft, earlier);
  requireFuture(expiresAt, at);
  return answeredBy(record(draft, 'CreditsGranted', {
    grantId: id, idempotencyKey, grant: `grant/${id}`, kind, amount: formatAmount(amount), priority, expiresAt: expiresAt ?? null,
    reason, fingerprint: content,
  }, at));
};
