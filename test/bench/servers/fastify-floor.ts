import fastify from 'fastify';
import { answerParent } from '../support/child.js';
import { GroupCommit } from './group-commit.js';
import { bodiesOf, RowWriter, type BodySizes } from './rows.js';
import type { HoldBody, SettleBody } from './wire.js';

/** Floor (a) of S1: parses the same JSON, appends a row of the same size with group commit, answers. No engine at all. */
const start = async ({ url, sizes }: { url: string; sizes: BodySizes }): Promise<number> => {
  const log = new GroupCommit(await RowWriter.open(url));
  const bodies = bodiesOf(sizes);
  const app = fastify();
  app.post<{ Body: HoldBody }>('/v1/holds', async ({ body: { id, accountId } }, reply) => {
    const position = await log.append({ stream: `account-${accountId}`, type: 'HoldPlaced', body: bodies.hold });
    return reply.status(201).send({ id, accountId, position });
  });
  app.post<{ Body: SettleBody; Params: { accountId: string; id: string } }>('/v1/accounts/:accountId/holds/:id/settle', async ({ params: { accountId, id } }) => {
    const position = await log.append({ stream: `account-${accountId}`, type: 'UsageSettled', body: bodies.settle });
    return { id, accountId, position };
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return Number(new URL(address).port);
};

answerParent({ start });
