import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import type { EventLog } from '#libs/event-log';
import { DirectFeed, type EventFeed } from '#libs/event-feed';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { openReadDatabase } from '../database/data-source.js';
import { Projections } from '../projections.js';
import { openHotPool } from '../querying/hot-pool.js';

/** An empty database with the read models' tables. */
export const readDatabase = async (server?: string): Promise<TestDatabase & { readonly dataSource: DataSource }> => {
  const database = await freshDatabase(server);
  const dataSource = await openReadDatabase(database.url);
  return {
    url: database.url, dataSource,
    drop: async () => {
      await dataSource.destroy();
      await database.drop();
    },
  };
};

/** The read side of one engine: a projector, and what an operator sees of it. */
export class ReadSide {
  readonly errors: unknown[] = [];
  readonly pool;
  readonly projections: Projections;

  constructor(readonly url: string, readonly log: EventLog, feed: EventFeed = new DirectFeed(log, url, { most: 5_000, gatherMs: 5 }), tryAgainMs?: number) {
    this.pool = openHotPool(url);
    this.projections = new Projections({ url, log, feed, pool: this.pool, onError: (error) => this.errors.push(error), ...(tryAgainMs === undefined ? {} : { tryAgainMs }) });
  }

  async close(): Promise<void> {
    await this.projections.stop();
    await this.pool.end();
  }
}

/** Runs `work` on a connection of its own. */
export const withClient = async <Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> => {
  const client = new Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};
