import type { Engine } from '../servers/engine.js';
import { withClient } from '../support/database.js';

/** What the load saw acknowledged. */
export interface Acknowledged {
  readonly accounts: number;
  readonly holds: number;
  readonly settles: number;
}

interface Totals {
  readonly accounts: string; readonly holds: string; readonly settles: string;
  readonly bought: string; readonly spent: string; readonly remaining: string; readonly held: string;
}

/** From the log alone: what was recorded, and what the last event of each account says is left. */
const TOTALS = `
  WITH event AS MATERIALIZED (SELECT stream, revision, type, (body::json)->'data' AS data FROM log.events WHERE stream LIKE 'account-%'),
  last AS (SELECT DISTINCT ON (stream) data->'balance' AS balance FROM event ORDER BY stream, revision DESC)
  SELECT
    count(*) FILTER (WHERE type = 'AccountOpened') AS accounts,
    count(*) FILTER (WHERE type = 'HoldPlaced') AS holds,
    count(*) FILTER (WHERE type = 'UsageSettled') AS settles,
    sum((data->>'amount')::numeric) FILTER (WHERE type = 'CreditsPurchased') AS bought,
    sum((data->>'cost')::numeric) FILTER (WHERE type = 'UsageSettled') AS spent,
    (SELECT sum((balance->>'remaining')::numeric) FROM last) AS remaining,
    (SELECT sum((balance->>'held')::numeric) FROM last) AS held
  FROM event`;

/** A figure for work that was lost, or done twice, would be worth nothing. @throws when the log does not say what was acknowledged, or its money does not add up */
export const requireNothingLost = async (url: string, acknowledged: Acknowledged): Promise<void> => {
  const totals = await withClient(url, async (client) => (await client.query<Totals>(TOTALS)).rows[0]!);
  for (const name of ['accounts', 'holds', 'settles'] as const) {
    if (Number(totals[name]) !== acknowledged[name]) throw new Error(`${acknowledged[name]} ${name} were acknowledged, the log has ${totals[name]}`);
  }
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ balanced: boolean }>('SELECT $1::numeric - $2::numeric = $3::numeric AND $4::numeric = 0 AS balanced', [totals.bought, totals.spent, totals.remaining, totals.held]);
    if (!rows[0]!.balanced) throw new Error(`bought ${totals.bought}, spent ${totals.spent}: ${totals.remaining} remain, and ${totals.held} are held`);
  });
};

/** The read model against the log, for some accounts, once it has caught up. */
export const requireBalances = async (engine: Engine, url: string, accountIds: readonly string[]): Promise<void> => {
  for (const id of accountIds) {
    const { remaining } = await engine.get<{ remaining: string }>(`/v1/accounts/${id}/balance`);
    const [last] = await withClient(url, async (client) => (await client.query<{ remaining: string }>(
      "SELECT (body::json)->'data'->'balance'->>'remaining' AS remaining FROM log.events WHERE stream = $1 ORDER BY revision DESC LIMIT 1", [`account-${id}`],
    )).rows);
    if (last?.remaining !== remaining) throw new Error(`${id}: the balance shows ${remaining}, its last event ${last?.remaining}`);
  }
};
