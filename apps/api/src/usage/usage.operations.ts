import { z } from 'zod';
import { closedObject, defineOperation, idField, instantField, textField } from '#libs/http';
import { BalanceAnswer } from '../answers/balance.js';
import { amount, position } from '../answers/fields.js';
import { BALANCE, POSITION } from '../examples.js';
import { factsField, workFields } from '../requests/work.js';

/** Most events of one batch. */
export const MAX_BATCH = 1_000;

export const CLOUD_EVENT = 'application/cloudevents+json';
export const CLOUD_EVENTS = 'application/cloudevents-batch+json';

/** The distributed tracing extension, which SDKs add on their own. The request's header is what events are traced by. */
const tracingExtension = {
  traceparent: z.string().max(128).optional().meta({ description: 'Of the distributed tracing extension; taken, and not used.' }),
  tracestate: z.string().max(1_024).optional().meta({ description: 'Of the distributed tracing extension; taken, and not used.' }),
};

/** A CloudEvent (1.0, structured mode) that reports usage. */
export const usageEvent = closedObject({
  specversion: z.literal('1.0'),
  id: idField.meta({ description: 'With the source, tells a repeat.' }),
  source: z.string().regex(/^[!-~]{1,256}$/, '1 to 256 visible ASCII characters'),
  type: z.literal('usage'),
  subject: idField.meta({ description: 'The account.' }),
  time: instantField.meta({ description: 'When it was used: it chooses the price. Any past; at most 5 minutes in the future.' }),
  datacontenttype: z.literal('application/json').optional(),
  dataschema: textField(500).optional(),
  ...tracingExtension,
  data: closedObject({ ...workFields, facts: factsField.optional() }),
}).meta({ id: 'UsageEvent' });
export type UsageEvent = z.output<typeof usageEvent>;

const event = {
  specversion: '1.0', id: 'u-1', source: 'gateway-7', type: 'usage', subject: 'acme', time: '2026-11-21T07:35:00Z',
  data: { model: 'qwen-3-coder', usage: { input_tokens: 374, output_tokens: 44 } },
};

const itemAnswer = z.looseObject({
  id: z.string().nullable().meta({ description: 'As it was sent; null where there was none to read.' }),
  source: z.string().optional(),
  status: z.int().meta({ description: '201, or what a problem of its own would have been answered with.' }),
  accountId: z.string().optional(), cost: amount.optional(),
  replayed: z.boolean().optional().meta({ description: 'It had been recorded before; nothing was charged now.' }),
  balance: BalanceAnswer.optional(), position: position.optional(),
  code: z.string().optional(),
}).meta({ id: 'UsageResult', description: 'What became of one event: its cost and the balance after it, or the members of a problem document.' });

const UsageAnswer = z.object({ results: z.array(itemAnswer) });

export const reportUsage = defineOperation({
  id: 'reportUsage', tag: 'Usage', method: 'POST', path: '/v1/usage', needs: 'use',
  summary: 'Report usage after the fact',
  description: `One CloudEvent, or up to ${MAX_BATCH} as an array, each judged by itself and answered in the order sent. An event counts once, by its account, source and id. The work was done, so it is never refused for want of credit: the account goes overdrawn. Where the log takes none of them the whole request is answered 503.`,
  // Items are checked one by one, so that a wrong one costs itself alone; the document shows what each must be.
  body: z.union([z.array(z.unknown()).min(1).max(MAX_BATCH), z.looseObject({})], { error: `a CloudEvent, or an array of 1 to ${MAX_BATCH}` }),
  documentedBody: z.union([usageEvent, z.array(usageEvent).min(1).max(MAX_BATCH)]),
  bodyAlsoAs: [CLOUD_EVENT, CLOUD_EVENTS],
  bodyExamples: [{ summary: 'One event', value: event }, { summary: 'A batch', value: [event, { ...event, id: 'u-2', data: { amount: '0.25' } }] }],
  answers: {
    200: {
      description: 'A result for each event, in the order sent.', schema: UsageAnswer,
      example: { results: [
        { id: 'u-1', source: 'gateway-7', status: 201, accountId: 'acme', cost: '0.00012', balance: BALANCE, position: POSITION },
        { id: 'u-2', source: 'gateway-7', status: 422, type: '/problems/unknown_model', title: 'Unknown model', code: 'unknown_model' },
      ] },
    },
  },
  refusals: ['invalid_request', 'log_unavailable'],
});
