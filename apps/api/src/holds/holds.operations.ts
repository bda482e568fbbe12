import { z } from 'zod';
import { MAX_TTL_SECONDS } from '#libs/domain';
import { amountField, closedObject, defineOperation, flagParam, idField } from '#libs/http';
import { BalanceAnswer } from '../answers/balance.js';
import { amount, instant, pageOf, position } from '../answers/fields.js';
import { HoldAnswer, HoldState } from '../answers/hold.js';
import { breakdownField, rateCardField } from '../answers/price.js';
import { BALANCE, POSITION } from '../examples.js';
import { accountParams, cursorField, limitField } from '../requests/common.js';
import { factsField, reasonField, workFields } from '../requests/work.js';

const holdParams = closedObject({ accountId: idField, holdId: idField });
const ttlField = z.int().min(1).max(MAX_TTL_SECONDS).optional().meta({ description: 'Time to live, from now; at most 7 days.' });

const USAGE = { input_tokens: 4000, cached_input_tokens: 8000, output_tokens: 4096 };
const OPEN = {
  id: 'req-1', accountId: 'acme', status: 'open', amount: '0.102384', held: '0.102384', cost: '0', costEstimate: '0.102384', model: 'claude-sonnet-4-6',
  placedAt: '2026-11-21T07:35:00.000Z', expiresAt: '2026-11-21T07:50:00.000Z',
};
const HOLDING = { ...BALANCE, held: '0.102384', available: '19.897616', formatted: '$19.90' };
const { costEstimate: _, ...closed } = { ...OPEN, held: '0' };
const SETTLED = { ...closed, status: 'settled', cost: '0.037665', released: '0.064719', balance: { ...BALANCE, remaining: '19.962335', available: '19.962335', formatted: '$19.96' }, position: POSITION };

const DryRunAnswer = z.object({
  dryRun: z.literal(true), accountId: z.string(), costEstimate: amount, unit: z.string(), breakdown: breakdownField.optional(), rateCard: rateCardField.optional(), expiresAt: instant, balance: BalanceAnswer, position,
}).meta({ id: 'DryRun', description: 'What the hold would take, and the balance as it is.' });

const WORK = ['insufficient_credits', 'overdrawn', 'unknown_model', 'unpriced_parameters'] as const;
const COMMON = ['invalid_request', 'not_found', 'log_unavailable'] as const;

export const placeHold = defineOperation({
  id: 'placeHold', tag: 'Holds', method: 'POST', path: '/v1/holds', needs: 'use',
  summary: 'Place a hold',
  description: 'Reserves credit for work about to happen. Placing it again with the same content answers with the same hold while it is open. With `dryRun=true` nothing is placed: it answers 200 with the price, or refuses as the hold would be refused, but takes no notice of the id.',
  query: closedObject({ dryRun: flagParam.optional() }),
  body: closedObject({
    id: idField, accountId: idField, ...workFields, ttlSeconds: ttlField,
    onExcess: z.enum(['charge', 'cap']).optional().meta({ description: 'What a settle above the hold does: `charge` it all (default), or `cap` it at what is held.' }),
  }),
  bodyExamples: [
    { summary: 'Priced by the rate card', value: { id: 'req-1', accountId: 'acme', model: 'claude-sonnet-4-6', usage: USAGE } },
    { summary: 'A plain amount, for an hour', value: { id: 'req-2', accountId: 'acme', amount: '0.25', ttlSeconds: 3600, onExcess: 'cap' } },
  ],
  answers: {
    201: { description: 'The hold, open.', schema: HoldAnswer, example: { ...OPEN, balance: HOLDING, position: POSITION } },
    200: { description: 'A dry run: only priced.', schema: DryRunAnswer, example: { dryRun: true, accountId: 'acme', costEstimate: '0.102384', unit: 'USD', breakdown: [{ component: 'input_tokens', quantity: '4000', unitPrice: '0.00000405', amount: '0.0162' }], rateCard: { catalog: 'kyma', version: 1 }, expiresAt: OPEN.expiresAt, balance: BALANCE, position: POSITION } },
  },
  refusals: [...COMMON, ...WORK, 'idempotency_conflict', 'hold_closed'],
});

export const listHolds = defineOperation({
  id: 'listHolds', tag: 'Holds', method: 'GET', path: '/v1/accounts/{accountId}/holds', needs: 'read',
  summary: 'List open holds', description: 'In the order of their ids.', params: accountParams, query: closedObject({ limit: limitField, cursor: cursorField }),
  answers: { 200: { description: 'A page of open holds.', schema: pageOf(HoldState), example: { items: [OPEN], nextCursor: null } } },
  refusals: COMMON,
});

export const readHold = defineOperation({
  id: 'readHold', tag: 'Holds', method: 'GET', path: '/v1/accounts/{accountId}/holds/{holdId}', needs: 'read',
  summary: 'Read a hold', description: 'Open or closed; a direct charge reads as a hold that was settled as it was placed. The balance is the account\'s now.', params: holdParams,
  answers: { 200: { description: 'The hold as it stands.', schema: HoldAnswer, example: { ...OPEN, balance: HOLDING, position: POSITION } } },
  refusals: COMMON,
});

export const settleHold = defineOperation({
  id: 'settleHold', tag: 'Holds', method: 'POST', path: '/v1/accounts/{accountId}/holds/{holdId}/settle', needs: 'use',
  summary: 'Settle a hold',
  description: 'States the total so far, as usage or as an amount; what was charged before is taken off, so that repeating it charges nothing. Model and parameters are the hold\'s where they are left out. `final: false` keeps the rest held. The facts of the work go to the usage log.',
  params: holdParams,
  body: closedObject({ ...workFields, final: z.boolean().default(true), facts: factsField.optional() }),
  bodyExamples: [
    { summary: 'With what was used', value: { usage: { input_tokens: 4000, cached_input_tokens: 8000, output_tokens: 900 } } },
    { summary: 'A part, the rest stays held', value: { amount: '0.02', final: false } },
  ],
  answers: { 200: { description: 'The hold, settled, or still open after a part.', schema: HoldAnswer, example: SETTLED } },
  refusals: [...COMMON, 'unknown_model', 'unpriced_parameters', 'hold_closed', 'state_conflict'],
});

export const releaseHold = defineOperation({
  id: 'releaseHold', tag: 'Holds', method: 'POST', path: '/v1/accounts/{accountId}/holds/{holdId}/release', needs: 'use',
  summary: 'Release a hold', description: 'Gives back all it still holds, because the work failed or did not happen. Of a closed hold it changes nothing and tells its `outcome`.',
  params: holdParams, bodyOptional: true, body: closedObject({ reason: reasonField.optional(), facts: factsField.optional() }),
  bodyExamples: [{ summary: 'The work failed', value: { reason: 'upstream 502', facts: { statusCode: 502, latencyMs: 1240, group: 'chat' } } }],
  answers: { 200: { description: 'The hold, released, or as it had ended.', schema: HoldAnswer, example: { ...closed, status: 'released', released: '0.102384', balance: BALANCE, position: POSITION } } },
  refusals: COMMON,
});

export const increaseHold = defineOperation({
  id: 'increaseHold', tag: 'Holds', method: 'POST', path: '/v1/accounts/{accountId}/holds/{holdId}/increase', needs: 'use',
  summary: 'Enlarge or prolong a hold', description: 'States the new total and, or, a new time to live from now. It only raises.',
  params: holdParams, body: closedObject({ amount: amountField.optional(), ttlSeconds: ttlField }),
  bodyExamples: [{ summary: 'Both', value: { amount: '0.5', ttlSeconds: 1800 } }],
  answers: { 200: { description: 'The hold, larger or longer.', schema: HoldAnswer, example: { ...OPEN, amount: '0.5', held: '0.5', costEstimate: '0.5', balance: { ...BALANCE, held: '0.5', available: '19.5', formatted: '$19.50' }, position: POSITION } } },
  refusals: [...COMMON, 'insufficient_credits', 'overdrawn', 'hold_closed', 'state_conflict'],
});

const ChargeAnswer = z.object({
  id: z.string(), accountId: z.string(), status: z.literal('settled'), cost: amount, model: z.string().optional(), recordedAt: instant, balance: BalanceAnswer, position,
}).meta({ id: 'Charge' });

export const chargeUsage = defineOperation({
  id: 'chargeUsage', tag: 'Holds', method: 'POST', path: '/v1/charges', needs: 'use',
  summary: 'Charge at once', description: 'Hold and settle in one, for a price known beforehand. Holds and charges share their ids.',
  body: closedObject({ id: idField, accountId: idField, ...workFields, facts: factsField.optional() }),
  bodyExamples: [{ summary: 'A call', value: { id: 'c-1', accountId: 'acme', model: 'sonar', usage: { input_tokens: 200, output_tokens: 350 } } }],
  answers: { 201: { description: 'The charge.', schema: ChargeAnswer, example: { id: 'c-1', accountId: 'acme', status: 'settled', cost: '0.0065', model: 'sonar', recordedAt: OPEN.placedAt, balance: { ...BALANCE, remaining: '19.9935', available: '19.9935', formatted: '$19.99' }, position: POSITION } } },
  refusals: [...COMMON, ...WORK, 'idempotency_conflict'],
});
