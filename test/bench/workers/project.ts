import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { DirectFeed, KafkaFeed, type KafkaSettings } from '#libs/event-feed';
import { PostgresEventLog } from '#libs/event-log';
import { Projections } from '#libs/read-models';
import { openHotPool } from '../../../libs/read-models/src/querying/hot-pool.js';
import { answerParent } from '../support/child.js';

/** S5: the live projector of all read models, over the log or over a topic. */

const LOOK_AGAIN_MS = 20;
const PATIENCE_MS = 600_000;

let url: string;
let log: PostgresEventLog;
let pool: Pool;
let projections: Projections;
let failure: unknown;

const open = async (options: { url: string }): Promise<void> => {
  ({ url } = options);
  log = await PostgresEventLog.open(url);
  pool = openHotPool(url);
};

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  for (const giveUpAt = performance.now() + PATIENCE_MS; !(await isSo()); await sleep(LOOK_AGAIN_MS)) {
    if (performance.now() > giveUpAt) throw new Error('the projector does not get there', { cause: failure });
  }
};

const isLive = async (): Promise<boolean> => (await projections.status()).every(({ state }) => state === 'live');

/** Begins to apply; from a topic, when it is told where to be. */
const begin = async ({ kafka }: { kafka: KafkaSettings | undefined }): Promise<void> => {
  const feed = kafka ? new KafkaFeed(kafka, log, url) : new DirectFeed(log, url);
  projections = new Projections({ url, log, feed, pool, onError: (error) => { failure = error; } });
  projections.start();
  if (kafka) await until(isLive);
};

/** Resolves when as many events are applied. */
const applied = async ({ events }: { events: number }): Promise<void> => {
  const client = new Client(url);
  await client.connect();
  try {
    await until(async () => Number((await client.query<{ events: string }>('SELECT coalesce(sum(revision + 1), 0) AS events FROM read.balance')).rows[0]!.events) >= events);
  } finally {
    await client.end();
  }
};

const end = (): Promise<void> => projections.stop();

answerParent({ open, begin, applied, end });
