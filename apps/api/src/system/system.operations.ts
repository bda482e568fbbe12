import { z } from 'zod';
import { closedObject, defineOperation, PROBLEM_CODES } from '#libs/http';

const check = z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() });
const HealthAnswer = z.object({ status: z.enum(['ok', 'unavailable']), checks: z.array(check) }).meta({ id: 'Health' });

export const live = defineOperation({
  id: 'live', tag: 'System', method: 'GET', path: '/health/live', summary: 'Is the process alive?',
  answers: { 200: { description: 'It answers.', schema: HealthAnswer, example: { status: 'ok', checks: [] } } },
});

export const ready = defineOperation({
  id: 'ready', tag: 'System', method: 'GET', path: '/health/ready', summary: 'Can it do its work?', description: 'The log and the database answer, and the read models keep up.',
  answers: {
    200: { description: 'It can.', schema: HealthAnswer, example: { status: 'ok', checks: [{ name: 'log', ok: true }, { name: 'projections', ok: true }] } },
    503: { description: 'It cannot just now; the checks tell why.', schema: HealthAnswer, example: { status: 'unavailable', checks: [{ name: 'log', ok: false, detail: 'log_unavailable' }, { name: 'projections', ok: true }] } },
  },
});

export const readMetrics = defineOperation({
  id: 'metrics', tag: 'System', method: 'GET', path: '/metrics', needs: 'read', summary: 'Metrics for Prometheus', description: 'Business volume shows in them, so they need a token.',
  answers: { 200: { description: 'In the text format.', schema: z.string(), example: 'meterbook_commands_total{command="PlaceHold",outcome="done"} 42', alsoAs: ['text/plain'] } },
});

export const readDocument = defineOperation({
  id: 'openApi', tag: 'System', method: 'GET', path: '/openapi.json', summary: 'This document',
  answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }), example: { openapi: '3.1.0' } } },
});

export const readDocs = defineOperation({
  id: 'docs', tag: 'System', method: 'GET', path: '/docs', summary: 'This document, to read',
  answers: { 200: { description: 'A page.', schema: z.string(), example: '<!DOCTYPE html>…', alsoAs: ['text/html'] } },
});

export const readProblem = defineOperation({
  id: 'readProblem', tag: 'System', method: 'GET', path: '/problems/{code}', summary: 'What an error means', description: 'Where the `type` of a problem document leads.',
  params: closedObject({ code: z.string().meta({ enum: Object.keys(PROBLEM_CODES) }) }),
  answers: { 200: { description: 'The error.', schema: z.object({ code: z.string(), status: z.int(), meaning: z.string() }), example: { code: 'overdrawn', status: 402, meaning: PROBLEM_CODES.overdrawn[1] } } },
  refusals: ['not_found'],
});
