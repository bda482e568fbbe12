import { z } from 'zod';
import { warningAt, type BalanceData, type Catalog, type Threshold } from '#libs/domain';
import { AMOUNT_SCALE, formatAmount, formatDecimal, formatMoney, readAmount, readDecimal, ten, type Amount } from '#libs/money';
import { amount, instant } from './fields.js';

const warning = z.object({
  code: z.string().meta({ description: 'As the catalog names it.', examples: ['low_balance'] }),
  operator: z.enum(['below', 'at_or_below']),
  threshold: amount,
  message: z.string(),
}).meta({ id: 'Warning', description: 'The gravest low-balance warning of the catalog that holds at what is available.' });

const members = {
  remaining: amount.meta({ description: 'Available and held together; negative for debt.' }),
  held: amount.meta({ description: 'Reserved by open holds.' }),
  available: amount.meta({ description: 'What a new hold may take; negative for debt.' }),
  debt: amount.meta({ description: 'Owed for usage beyond the credit; paid first from whatever credit comes in.' }),
  unit: z.string().meta({ description: 'What the account counts in: a currency (`USD`) or `credit`.', examples: ['USD'] }),
  formatted: z.string().meta({ description: '`available` for people, rounded to the currency\'s minor unit.', examples: ['$19.90'] }),
  credits: amount.optional().meta({ description: '`available` in credits, where the catalog states what one is worth.' }),
  warning: warning.nullable(),
};

export const BalanceAnswer = z.object(members).meta({ id: 'Balance' });
export type BalanceAnswer = z.output<typeof BalanceAnswer>;

const grant = z.object({
  id: z.string(), kind: z.enum(['purchase', 'signup_bonus', 'referral', 'promotion', 'refund']),
  amount: amount.meta({ description: 'As it was given.' }), free: amount, held: amount,
  priority: z.int(), expiresAt: instant.nullable(), createdAt: instant,
}).meta({ id: 'Grant', description: 'Credit that came in at once, and is spent, held and expires together. Listed in the order it burns.' });

export const AccountBalanceAnswer = z.object({ accountId: z.string(), ...members, grants: z.array(grant), position: z.string() }).meta({ id: 'AccountBalance' });
export type AccountBalanceAnswer = z.output<typeof AccountBalanceAnswer>;

/** What of a catalog a balance is shown with. */
export type Shown = Pick<Catalog, 'unit' | 'currency' | 'terms' | 'thresholds'>;

/** A balance as every answer shows it. `available` = `remaining` − `held`. */
export const balanceAnswer = ({ remaining, held, debt }: BalanceData, catalog: Shown): BalanceAnswer => {
  const available = readAmount(remaining) - readAmount(held);
  const { creditValue } = catalog.terms;
  const threshold = warningAt(catalog.thresholds, available);
  return {
    remaining, held, available: formatAmount(available), debt, unit: catalog.unit, formatted: formatMoney(available, catalog.unit),
    credits: creditValue === undefined || creditValue === '0' ? undefined : inCredits(available, creditValue),
    warning: threshold === undefined ? null : warningAnswer(threshold, available, catalog.unit),
  };
};

const warningAnswer = ({ warning: code, operator, amount: threshold }: Threshold, available: Amount, unit: string): z.output<typeof warning> => ({
  code, operator, threshold: formatAmount(threshold),
  message: `${formatMoney(available, unit)} available, ${operator === 'below' ? 'less than' : 'not more than'} ${formatMoney(threshold, unit)}. Consider adding credit soon.`,
});

/** Exact for the credit values in use (powers of ten); cut below 12 digits after the point otherwise. It is shown, never counted with. */
const inCredits = (available: Amount, creditValue: string): string => {
  const { digits, scale } = readDecimal(creditValue);
  const credits = (available * ten(scale)) / digits;
  return formatDecimal({ digits: credits, scale: AMOUNT_SCALE });
};
