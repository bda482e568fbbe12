import { z } from 'zod';
import { BillingError } from '#libs/kernel';
import { AMOUNT_SCALE, formatAmount, parseAmount, parseDecimal } from '#libs/money';
import { modelsSchema } from '../pricing/index.js';

const AMOUNT = /^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?$/;

/** An amount; kept without trailing zeros, so that "5.00" is the same catalog as "5". */
const amount = z.string()
  // Aborting spares the checks of what contains it, which compare amounts.
  .regex(AMOUNT, { abort: true, error: 'a plain decimal string: at most 18 digits before and 12 after the point' })
  .overwrite((text) => formatAmount(parseAmount(text)));
const currency = z.string().regex(/^[A-Z]{3}$/).describe('an ISO 4217 code');
const id = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/);
const label = z.string().min(1).max(120);

export const catalogNameSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/);

const validity = z.strictObject({
  id: id.describe('what a purchase asks for: 30d, 90d, lifetime'),
  days: z.int().min(1).max(36_500).nullable().describe('how long the credit lasts; null for ever'),
  price: amount.describe('in the catalog\'s currency'),
});

const pack = z.strictObject({
  id,
  title: label.optional(),
  amount: amount.describe('the credit it gives, in the catalog\'s unit'),
  validities: z.array(validity).min(1).max(10).describe('the first is what a purchase gets that asks for none'),
});

const tier = z.strictObject({
  name: label,
  minimumPurchased: amount.describe('total paid for credit from which on it holds, in the catalog\'s currency'),
  rpm: z.int().min(1).describe('requests a minute'),
  perModelRpm: z.int().min(1).describe('requests a minute for one model'),
  tpm: z.int().min(1).describe('tokens a minute'),
});

const threshold = z.strictObject({
  warning: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/).describe('the code an answer carries'),
  operator: z.enum(['below', 'at_or_below']),
  amount: amount.describe('of available credit, in the catalog\'s unit'),
});

const bonus = z.strictObject({
  kind: z.enum(['signup_bonus', 'referral', 'promotion']),
  amount: amount.describe('in the catalog\'s unit'),
  days: z.int().min(1).max(36_500).nullable().describe('how long it lasts; null for ever'),
}).describe('what the document promises; given by command, never by itself');

const policies = z.strictObject({
  holdTtlSeconds: z.int().min(1).max(604_800).optional().describe('how long a hold lives that asks for nothing else; 15 minutes when left out'),
  lateWindowSeconds: z.int().min(0).max(2_592_000).optional().describe('how long after its end a hold can still be settled; 24 hours when left out'),
  refundValidDays: z.int().min(1).max(36_500).optional().describe('how long credit lasts that is refunded into an expired grant; 30 days when left out'),
});

/** What can never change, because amounts that were recorded would mean something else. */
const identityShape = {
  name: catalogNameSchema,
  unit: z.union([z.literal('credit'), currency]).describe('what accounts count in'),
  currency: currency.describe('what credit is paid in'),
  scale: z.int().min(0).max(AMOUNT_SCALE).describe('digits after the point of the unit: 12 for a currency, 0 for whole credits'),
  rounding: z.enum(['half_up', 'up']).describe('how a charge is rounded, once, to the scale'),
};

/** What an operator may change at any time. */
const termsShape = {
  description: z.string().max(2_000).optional(),
  creditValue: amount.refine((text) => text !== '0', 'more than zero').optional().describe('what one credit is worth in currency, where the catalog shows credits'),
  packs: z.array(pack).max(100).default([]),
  tiers: z.array(tier).max(20).default([]).describe('ascending'),
  thresholds: z.array(threshold).max(10).default([]).describe('low-balance warnings, from the mildest to the most severe'),
  bonuses: z.array(bonus).max(20).default([]),
  policies: policies.default({}),
};

export const identitySchema = z.strictObject(identityShape);
export const termsSchema = z.strictObject(termsShape);

type Identity = z.output<typeof identitySchema>;
type Terms = z.output<typeof termsSchema>;

const twice = (names: readonly string[]): number => names.findIndex((name, at) => names.indexOf(name) < at);

/** Compares amounts by value. */
const isMore = (a: string, b: string): boolean => parseAmount(a) > parseAmount(b);

type Report = (path: (string | number)[], message: string) => void;

/** What the shape alone cannot say. */
const checkTerms = ({ unit, currency, scale, packs, tiers, thresholds, bonuses, creditValue }: Identity & Terms, report: Report): void => {
  if (unit !== 'credit' && unit !== currency) report(['currency'], 'the unit is a currency, so credit is paid in it');
  if (unit === 'credit' && creditValue !== undefined) report(['creditValue'], 'goes with a unit that is a currency; the price of a credit follows from the packs');
  const requireScale = (text: string, path: (string | number)[]): void => {
    if (parseDecimal(text).scale > scale) report(path, `more than ${scale} digits after the point`);
  };
  packs.forEach((item, at) => {
    requireScale(item.amount, ['packs', at, 'amount']);
    const again = twice(item.validities.map((option) => option.id));
    if (again >= 0) report(['packs', at, 'validities', again, 'id'], 'stands twice');
  });
  const again = twice(packs.map((item) => item.id));
  if (again >= 0) report(['packs', again, 'id'], 'stands twice');
  tiers.forEach(({ minimumPurchased }, at) => {
    const before = tiers[at - 1];
    if (before ? !isMore(minimumPurchased, before.minimumPurchased) : minimumPurchased !== '0') {
      report(['tiers', at, 'minimumPurchased'], before ? 'more than the tier before' : 'the first tier starts at 0');
    }
  });
  thresholds.forEach((item, at) => {
    requireScale(item.amount, ['thresholds', at, 'amount']);
    const before = thresholds[at - 1];
    if (before && !isMore(before.amount, item.amount)) report(['thresholds', at, 'amount'], 'less than the threshold before');
  });
  bonuses.forEach((item, at) => requireScale(item.amount, ['bonuses', at, 'amount']));
};

/** A catalog file: everything an operator sells by. */
export const catalogSchema = z.strictObject({
  $schema: z.string().max(500).optional().describe('for editors; not part of the catalog'),
  ...identityShape,
  ...termsShape,
  rateCard: z.strictObject({ models: modelsSchema }),
}).superRefine((catalog, context) => {
  checkTerms(catalog, (path, message) => context.addIssue({ code: 'custom', path, message }));
}).meta({ title: 'Meterbook catalog' });

export type CatalogFile = Omit<z.output<typeof catalogSchema>, '$schema'>;
export type CatalogTerms = Terms;

/** A new version of a catalog's prices. */
export const rateCardSchema = z.strictObject({ id: id.optional(), effectiveFrom: z.string().max(64), models: modelsSchema });

/**
 * Checks a catalog file and brings it into its one spelling.
 * @throws invalid/invalid_request with the paths of what is wrong, at most 50
 */
export const parseCatalog = (json: unknown): CatalogFile => {
  const parsed = catalogSchema.safeParse(json);
  if (!parsed.success) {
    const errors = parsed.error.issues.slice(0, 50).map(({ path, message }) => ({ path: path.join('.'), message }));
    throw new BillingError('invalid', 'invalid_request', { detail: errors.map(({ path, message }) => `${path}: ${message}`)[0] ?? 'not a catalog', errors });
  }
  const { $schema: _, ...catalog } = parsed.data;
  return catalog;
};
