import type { BodySizes } from '../servers/rows.js';
import { withClient } from './database.js';

/** How large the engine's own rows are, for the floor to write rows of the same size. */
export const bodySizesOf = (url: string): Promise<BodySizes> => withClient(url, async (client) => {
  const { rows } = await client.query<{ type: string; size: string }>(`
    SELECT type, round(avg(octet_length(body))) AS size FROM log.events
    WHERE type IN ('HoldPlaced', 'UsageSettled') AND position > (SELECT max(position) - 10000 FROM log.events) GROUP BY type`);
  const sizeOf = (type: string): number => {
    const row = rows.find((candidate) => candidate.type === type);
    if (!row) throw new Error(`the engine has written no ${type} yet`);
    return Number(row.size);
  };
  return { hold: sizeOf('HoldPlaced'), settle: sizeOf('UsageSettled') };
});
