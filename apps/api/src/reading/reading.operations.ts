import { z } from 'zod';
import { closedObject, defineOperation, idField, instantField, textField, wholeNumberParam } from '#libs/http';
import { AccountBalanceAnswer } from '../answers/balance.js';
import { amount, instant, money, pageOf } from '../answers/fields.js';
import { breakdownField, rateCardField } from '../answers/price.js';
import { BALANCE, POSITION } from '../examples.js';
import { accountParams, pagingOrFile, periodFields, refuseBackwardPeriod, refusePagesOfFile } from '../requests/common.js';

const AT = '2026-11-21T07:35:00.000Z';
const REFUSALS = ['invalid_request', 'not_found', 'projection_behind', 'database_unavailable'] as const;

export const readBalance = defineOperation({
  id: 'readBalance', tag: 'Reading', method: 'GET', path: '/v1/accounts/{accountId}/balance', needs: 'read', minPosition: true,
  summary: 'Read the balance', description: 'Now, or as the engine would have answered at any past instant.',
  params: accountParams, query: closedObject({ at: instantField.optional().meta({ description: 'A past instant, of recorded time.' }) }),
  answers: {
    200: {
      description: 'The balance, with the grants it lies in.', schema: AccountBalanceAnswer,
      example: { accountId: 'acme', ...BALANCE, grants: [{ id: 'buy-1', kind: 'purchase', amount: '20', free: '20', held: '0', priority: 50, expiresAt: null, createdAt: AT }], position: POSITION },
    },
  },
  refusals: REFUSALS,
});

const transactionTypes = ['purchase', 'grant', 'refund', 'expiry', 'lapse'] as const;
const transaction = z.object({
  id: z.string().meta({ description: 'The caller\'s id of a purchase, grant or refund; the grant that expired; the hold whose credit lapsed.' }),
  type: z.enum(transactionTypes), at: instant,
  amount: amount.meta({ description: 'What `remaining` changed by; below zero for credit that went.' }),
  paid: money.optional().meta({ description: 'Money that came in, or went back (below zero).' }), pack: z.string().optional(),
  remaining: amount, held: amount, debt: amount,
  details: z.looseObject({}).meta({ description: 'What else is known of it: kind, reason, validity, what was refunded.' }),
}).meta({ id: 'Transaction' });

export const listTransactions = defineOperation({
  id: 'listTransactions', tag: 'Reading', method: 'GET', path: '/v1/accounts/{accountId}/transactions', needs: 'read', minPosition: true,
  summary: 'List purchases, grants, refunds and expiries', description: 'Newest first. Together with the costs in the usage log they add up to what remains.',
  params: accountParams, query: closedObject({ type: z.enum(transactionTypes).optional(), ...periodFields, ...pagingOrFile }).superRefine(refusePagesOfFile).superRefine(refuseBackwardPeriod),
  answers: {
    200: {
      description: 'A page of transactions.', schema: pageOf(transaction), alsoAs: ['text/csv'],
      example: { items: [{ id: 'buy-1', type: 'purchase', at: AT, amount: '20', paid: { amount: '20', currency: 'USD' }, remaining: '20', held: '0', debt: '0', details: { priority: 50, expiresAt: null } }], nextCursor: null },
    },
  },
  refusals: REFUSALS,
});

const usage = z.object({
  id: z.string().meta({ description: 'Of the hold, the charge or the usage event.' }), via: z.enum(['hold', 'charge', 'usage']), source: z.string().optional(),
  at: instant.meta({ description: 'When the work was done.' }), recordedAt: instant,
  outcome: z.enum(['settled', 'captured', 'released', 'expired']).meta({ description: '`captured`: charged so far, the rest stayed held.' }), late: z.boolean(),
  model: z.string().optional(), group: z.string().optional(), status: z.int().optional(), latencyMs: z.number().optional(), keyId: z.string().optional(),
  usage: z.record(z.string(), z.string()).optional(), parameters: z.record(z.string(), z.string()).optional(),
  cost: amount.meta({ description: 'What this charged.' }), uncharged: amount.optional(), exact: z.string().optional(), breakdown: breakdownField.optional(), rateCard: rateCardField.optional(),
  facts: z.looseObject({}).optional(),
}).meta({ id: 'Usage' });

const factFilter = textField(256).optional();

export const listUsage = defineOperation({
  id: 'listUsage', tag: 'Usage', method: 'GET', path: '/v1/accounts/{accountId}/usage', needs: 'read', minPosition: true,
  summary: 'Read the usage log', description: 'Newest work first. `group`, `status` (the HTTP status code) and `keyId` are facts of the work; `from` and `to` are of when it was done.',
  params: accountParams,
  query: closedObject({ group: factFilter, model: factFilter, status: wholeNumberParam(0, 999_999_999).optional(), keyId: idField.optional(), ...periodFields, ...pagingOrFile }).superRefine(refusePagesOfFile).superRefine(refuseBackwardPeriod),
  answers: {
    200: {
      description: 'A page of usage.', schema: pageOf(usage), alsoAs: ['text/csv'],
      example: {
        items: [{
          id: 'req-1', via: 'hold', at: AT, recordedAt: AT, outcome: 'settled', late: false, model: 'claude-sonnet-4-6', group: 'chat', status: 200, usage: { input_tokens: '4000' }, cost: '0.0162', exact: '0.0162',
          breakdown: [{ component: 'input_tokens', quantity: '4000', unitPrice: '0.00000405', amount: '0.0162' }], rateCard: { catalog: 'kyma', version: 1 }, facts: { statusCode: 200, group: 'chat' },
        }],
        nextCursor: null,
      },
    },
  },
  refusals: REFUSALS,
});

export const readLimits = defineOperation({
  id: 'readLimits', tag: 'Reading', method: 'GET', path: '/v1/accounts/{accountId}/limits', needs: 'read', minPosition: true,
  summary: 'Read what the account\'s tier follows from', description: 'The total purchased, less what of it was refunded. Bonuses do not count.', params: accountParams,
  answers: { 200: { description: 'The total purchased.', schema: z.object({ accountId: z.string(), purchased: money }), example: { accountId: 'acme', purchased: { amount: '20', currency: 'USD' } } } },
  refusals: REFUSALS,
});
