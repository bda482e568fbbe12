import { z } from 'zod';
import { accountEventDefinitions, catalogEventDefinitions, registryEventDefinitions } from '#libs/domain';
import { closedObject, defineOperation, flagParam } from '#libs/http';
import { instant, pageOf } from '../answers/fields.js';
import { accountParams, cursorField, limitField, periodFields, refuseBackwardPeriod } from '../requests/common.js';

const event = z.object({
  stream: z.string(), revision: z.int(), id: z.string(), type: z.string(), schemaVersion: z.int(), occurredAt: instant, recordedAt: instant,
  actor: z.string(), correlationId: z.string(), causationId: z.string(), idempotencyKey: z.string().optional(), traceparent: z.string().optional(),
  hash: z.string().meta({ description: 'SHA-256 over stream, revision, type and stored body.' }), previousHash: z.string().nullable(),
  data: z.looseObject({}).meta({ description: 'As it was recorded.' }),
}).meta({ id: 'Event' });

const verdict = z.object({
  ok: z.boolean(), events: z.int().meta({ description: 'How many fit, from the first.' }),
  head: z.string().nullable().optional().meta({ description: 'Hash of the last event. Kept elsewhere, it proves later that nothing before was changed.' }),
  revision: z.int().optional().meta({ description: 'The first event that does not fit.' }), reason: z.string().optional(),
}).meta({ id: 'ChainVerdict', description: 'Of the hash chain over all events of the account.' });

const EVENT = {
  stream: 'account-acme', revision: 1, id: '3f2b8c1e-5d4a-8f6b-9a0c-1d2e3f4a5b6c', type: 'CreditsPurchased', schemaVersion: 1, occurredAt: '2026-11-21T07:35:00.000Z', recordedAt: '2026-11-21T07:35:00.000Z',
  actor: 'operator:finance', correlationId: 'd1b0d0c6-0f4b-4f0e-8a5e-2f6f8f0b7c11', causationId: 'BuyCredit/buy-1', hash: '3f2b8c1e…', previousHash: '9a77c0de…', data: { purchaseId: 'buy-1', amount: '20' },
};

const ACCOUNT_EVENTS = [...accountEventDefinitions.keys()];
const ALL_EVENTS = [...ACCOUNT_EVENTS, ...catalogEventDefinitions.keys(), ...registryEventDefinitions.keys()];

const filters = (types: readonly string[]) => ({ type: z.enum(types).optional(), ...periodFields, limit: limitField, cursor: cursorField });
const DESCRIPTION = 'In the order they were recorded. `from` and `to` are of recorded time. A page may be short, or empty, and still have a `nextCursor` where the filter fits few events.';

export const listAccountEvents = defineOperation({
  id: 'listAccountEvents', tag: 'Audit', method: 'GET', path: '/v1/accounts/{accountId}/events', needs: 'read', summary: 'Read an account\'s audit trail',
  description: `${DESCRIPTION} With \`verify\`, the first page also says whether the hash chain of the whole account holds; pages behind a \`cursor\` do not compute it again.`,
  params: accountParams, query: closedObject({ ...filters(ACCOUNT_EVENTS), verify: flagParam.optional().meta({ description: 'Also recompute the hash chain of the whole account, whatever the filters; with the first page only, as it reads every event.' }) }).superRefine(refuseBackwardPeriod),
  answers: { 200: { description: 'A page of events.', schema: pageOf(event).extend({ verify: verdict.optional() }), example: { items: [EVENT], nextCursor: null, verify: { ok: true, events: 2, head: '3f2b8c1e…' } } } },
  refusals: ['invalid_request', 'not_found', 'log_unavailable'],
});

export const listEvents = defineOperation({
  id: 'listEvents', tag: 'Audit', method: 'GET', path: '/v1/events', needs: 'read', summary: 'Read the audit trail of everything', description: DESCRIPTION,
  query: closedObject(filters(ALL_EVENTS)).superRefine(refuseBackwardPeriod),
  answers: { 200: { description: 'A page of events.', schema: pageOf(event), example: { items: [EVENT], nextCursor: null } } },
  refusals: ['invalid_request', 'log_unavailable'],
});
