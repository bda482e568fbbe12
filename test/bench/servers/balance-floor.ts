import fastify from 'fastify';
import { Pool } from 'pg';
import { answerParent } from '../support/child.js';

const SELECT = `
  SELECT account_id, catalog, unit, scale, mode, time_zone, opened_at, revision, remaining, held, debt, grants, grant_due_at
  FROM read.balance WHERE account_id = $1`;

/** S9's floor: the engine's own balance table behind a bare handler that looks up the primary key and answers with the row. */
const start = async ({ url, connections }: { url: string; connections: number }): Promise<number> => {
  const pool = new Pool({ connectionString: url, max: connections });
  const app = fastify();
  app.get<{ Params: { id: string } }>('/v1/accounts/:id/balance', async ({ params: { id } }, reply) => {
    const { rows: [row] } = await pool.query<Record<string, unknown>>({ name: 'balance', text: SELECT, values: [id] });
    return row ?? reply.status(404).send();
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return Number(new URL(address).port);
};

answerParent({ start });
