import { z } from 'zod';
import { closedObject, defineOperation } from '#libs/http';
import { instant, pageOf } from '../answers/fields.js';

const rebuild = z.object({
  status: z.enum(['running', 'done', 'failed']), done: z.int().meta({ description: 'Events filled in.' }), total: z.int(), startedAt: instant, error: z.string().optional(),
}).meta({ id: 'Rebuild' });

const projection = z.object({
  name: z.string(), version: z.int(), outdated: z.boolean().meta({ description: 'Its rows were made by another version of Meterbook, and it has to be rebuilt.' }),
  state: z.enum(['starting', 'standby', 'live', 'retrying', 'stopped']).meta({ description: 'Of this process; `standby` where another one applies.' }), error: z.string().optional(),
  position: z.string().meta({ description: 'In the log; opaque.' }), events: z.int().meta({ description: 'Events of the log up to there.' }),
  lag: z.object({ events: z.int(), atLeast: z.boolean().meta({ description: 'There are more than were counted.' }), seconds: z.number().meta({ description: 'How long the first of them has waited.' }) }),
  rebuild: rebuild.nullable().meta({ description: 'Under way, or as the last one asked of this process ended.' }),
}).meta({ id: 'Projection' });

const EXAMPLE = { name: 'balance', version: 1, outdated: false, state: 'live', position: '0000000000000042', events: 42, lag: { events: 0, atLeast: false, seconds: 0 }, rebuild: null };

export const listProjections = defineOperation({
  id: 'listProjections', tag: 'System', method: 'GET', path: '/v1/projections', needs: 'read', summary: 'List the read models', description: 'How far each has got, and how far it is behind the log.', query: closedObject({}),
  answers: { 200: { description: 'All read models.', schema: pageOf(projection), example: { items: [EXAMPLE], nextCursor: null } } },
  refusals: ['invalid_request', 'log_unavailable', 'database_unavailable'],
});

export const rebuildProjection = defineOperation({
  id: 'rebuildProjection', tag: 'System', method: 'POST', path: '/v1/projections/{name}/rebuild', needs: 'operate', summary: 'Rebuild a read model',
  description: 'From the first event of the log on, beside the live one, which answers until the switch. `all` rebuilds all of them in one go. It goes on after the answer; the list of read models shows how far it is.',
  params: closedObject({ name: z.string().regex(/^[a-z-]{1,32}$/, 'the name of a read model') }), bodyOptional: true, body: closedObject({}),
  answers: { 202: { description: 'It is under way.', schema: z.object({ name: z.string(), rebuild }), example: { name: 'balance', rebuild: { status: 'running', done: 0, total: 42, startedAt: '2026-11-21T07:35:00.000Z' } } } },
  refusals: ['invalid_request', 'not_found', 'state_conflict', 'database_unavailable'],
});
