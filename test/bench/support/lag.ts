import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Positions are gapless, so that their difference is a number of events. Asked of the database, it takes nothing from the engine that is measured. */
const BEHIND = `
  SELECT coalesce((SELECT max(position) FROM log.events), 0)
    - coalesce((SELECT nullif(position, '')::bigint FROM read.checkpoint WHERE consumer = 'read-models'), 0) AS events`;

const EVERY_MS = 100;
const PATIENCE_MS = 600_000;

/** Looks now and then how far the read models are behind the log. */
export class LagWatch {
  private most = 0;
  private stopped = false;
  private readonly watching: Promise<void>;

  private constructor(private readonly client: Client) {
    this.watching = this.watch();
  }

  static async start(url: string): Promise<LagWatch> {
    const client = new Client(url);
    await client.connect();
    return new LagWatch(client);
  }

  /** @returns the most events that they were behind */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.watching;
    await this.client.end();
    return this.most;
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      this.most = Math.max(this.most, await behind(this.client));
      await sleep(EVERY_MS);
    }
  }
}

const behind = async (client: Client): Promise<number> => Number((await client.query<{ events: string }>(BEHIND)).rows[0]!.events);

/** Waits until the read models have all that the log has. */
export const caughtUp = async (url: string): Promise<void> => {
  const client = new Client(url);
  await client.connect();
  try {
    for (const giveUpAt = performance.now() + PATIENCE_MS; await behind(client) > 0; await sleep(EVERY_MS)) {
      if (performance.now() > giveUpAt) throw new Error('the read models do not catch up');
    }
  } finally {
    await client.end();
  }
};
