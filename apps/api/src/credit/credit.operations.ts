import { z } from 'zod';
import { grantKinds } from '#libs/domain';
import { amountField, closedObject, defineOperation, idField, instantField, textField } from '#libs/http';
import { amount, instant, money, position } from '../answers/fields.js';
import { BalanceAnswer } from '../answers/balance.js';
import { BALANCE, POSITION } from '../examples.js';
import { accountParams } from '../requests/common.js';
import { reasonField } from '../requests/work.js';

const priorityField = z.int().min(0).max(100).optional().meta({ description: '0 burns first, 100 last; 50 when left out.' });
const expiresAtField = instantField.optional().meta({ description: 'When what is left of it is gone; never when left out.' });
const id = idField.optional();

const REFUSALS = ['invalid_request', 'idempotency_key_required', 'not_found', 'idempotency_conflict', 'log_unavailable'] as const;
const tail = { priority: z.int(), expiresAt: instant.nullable(), recordedAt: instant, balance: BalanceAnswer, position };
const TAIL = { priority: 50, expiresAt: null, recordedAt: '2026-11-21T07:35:00.000Z', balance: BALANCE, position: POSITION };

const PurchaseAnswer = z.object({
  id: z.string(), accountId: z.string(), credited: amount, paid: money, pack: z.string().optional(), validity: z.string().optional(), ...tail,
}).meta({ id: 'Purchase' });

export const buyCredit = defineOperation({
  id: 'buyCredit', tag: 'Credit', method: 'POST', path: '/v1/accounts/{accountId}/purchases', needs: 'credit', idempotencyKey: true,
  summary: 'Buy credit',
  description: 'A pack of the catalog with one of its validities, or a plain amount. What the account owes is paid from it at once. Where the unit is no currency, an amount is sold with what was `paid` for it.',
  params: accountParams,
  body: closedObject({
    id, amount: amountField.optional(), pack: textField(128).optional(), validity: textField(64).optional(),
    paid: closedObject({ amount: amountField, currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code') }).optional(),
    priority: priorityField, expiresAt: expiresAtField,
  }),
  bodyExamples: [
    { summary: 'An amount', value: { id: 'buy-1', amount: '20' } },
    { summary: 'A pack', value: { id: 'buy-2', pack: 'credits-1000', validity: '90d' } },
  ],
  answers: { 201: { description: 'The purchase.', schema: PurchaseAnswer, example: { id: 'buy-1', accountId: 'acme', credited: '20', paid: { amount: '20', currency: 'USD' }, ...TAIL } } },
  refusals: REFUSALS,
});

const GrantAnswer = z.object({ id: z.string(), accountId: z.string(), kind: z.enum(grantKinds), credited: amount, reason: z.string().optional(), ...tail }).meta({ id: 'CreditGrant' });

export const giveCredit = defineOperation({
  id: 'giveCredit', tag: 'Credit', method: 'POST', path: '/v1/accounts/{accountId}/grants', needs: 'credit', idempotencyKey: true,
  summary: 'Give credit', description: 'A signup bonus, a referral reward, a promotion. It does not count towards tiers.',
  params: accountParams,
  body: closedObject({ id, kind: z.enum(grantKinds), amount: amountField, priority: priorityField, expiresAt: expiresAtField, reason: reasonField.optional() }),
  bodyExamples: [{ summary: 'A signup bonus', value: { id: 'g-1', kind: 'signup_bonus', amount: '0.5', expiresAt: '2027-01-31T00:00:00Z', priority: 10 } }],
  answers: { 201: { description: 'The grant.', schema: GrantAnswer, example: { id: 'g-1', accountId: 'acme', kind: 'signup_bonus', credited: '0.5', ...TAIL, priority: 10, expiresAt: '2027-01-31T00:00:00.000Z' } } },
  refusals: REFUSALS,
});

const RefundAnswer = z.object({
  id: z.string(), accountId: z.string(), refunded: amount, charge: z.string().optional(), source: z.string().optional(), purchase: z.string().optional(),
  returned: money.optional().meta({ description: 'Of a purchase: the money to give back.' }),
  debtCancelled: amount.optional().meta({ description: 'What of it was still owed, and is owed no more.' }),
  newGrant: z.object({ amount, expiresAt: instant }).optional().meta({ description: 'What had been taken from grants that are over by now comes back as a grant of its own.' }),
  reason: z.string().optional(), recordedAt: instant, balance: BalanceAnswer, position,
}).meta({ id: 'Refund' });

export const refund = defineOperation({
  id: 'refund', tag: 'Credit', method: 'POST', path: '/v1/accounts/{accountId}/refunds', needs: 'credit', idempotencyKey: true,
  summary: 'Refund a charge or a purchase',
  description: 'Whole or part; without an amount, all that is left of it. A charge goes back to the grants it was taken from. A purchase is refunded up to its free, unexpired part.',
  params: accountParams,
  body: closedObject({
    id, charge: idField.optional().meta({ description: 'Id of a hold, a charge or, with its `source`, reported usage.' }),
    source: z.string().regex(/^[!-~]{1,256}$/, 'the source of reported usage').optional(), purchase: idField.optional(), amount: amountField.optional(), reason: reasonField.optional(),
  }).refine(({ charge, purchase }) => (charge === undefined) !== (purchase === undefined), { path: ['charge'], error: 'either charge or purchase' })
    .refine(({ source, purchase }) => source === undefined || purchase === undefined, { path: ['source'], error: 'goes with charge' }),
  bodyExamples: [
    { summary: 'Part of a charge', value: { id: 'rf-1', charge: 'req-1', amount: '0.01', reason: 'bad output' } },
    { summary: 'All that is left of a purchase', value: { id: 'rf-2', purchase: 'buy-1' } },
  ],
  answers: { 201: { description: 'The refund.', schema: RefundAnswer, example: { id: 'rf-1', accountId: 'acme', refunded: '0.01', charge: 'req-1', reason: 'bad output', recordedAt: TAIL.recordedAt, balance: BALANCE, position: POSITION } } },
  refusals: [...REFUSALS, 'state_conflict'],
});
