import { EventStore } from '#libs/engine';
import { Relay } from '#libs/relay';
import { readSettings, type Settings } from '#libs/settings';
import type { INestApplicationContext } from '@nestjs/common';
import { ServerDouble } from '../support/eventstoredb/server-double.js';

/** A double of EventStoreDB for each database: what is started anew on one finds its log again. */
const doubles = new Map<string, Promise<ServerDouble>>();

/** How the flow tests run the engine: in one database, or as `npm run test:enterprise` says, over EventStoreDB (its double) and a real Kafka. */
export type Shape = Pick<Settings, 'eventLog' | 'eventFeed'>;

/** @param log where a spec is about one of them */
export const shapeOn = async (databaseUrl: string, log = process.env.METERBOOK_TEST_LOG): Promise<Shape> => {
  const { METERBOOK_TEST_BROKERS: brokers } = process.env;
  const name = new URL(databaseUrl).pathname.slice(1);
  return readSettings({
    ...(log === 'eventstoredb' && { EVENT_LOG: log, EVENTSTOREDB_URL: await doubleFor(name) }),
    ...(brokers && { EVENT_FEED: 'kafka', KAFKA_BROKERS: brokers, KAFKA_TOPIC: `flow.${name}`, KAFKA_PARTITIONS: '3' }),
  });
};

const doubleFor = async (name: string): Promise<string> => {
  const known = doubles.get(name) ?? ServerDouble.start();
  doubles.set(name, known);
  return (await known).url;
};

/** What an engine in one process runs beside its API. */
export const startBeside = (app: INestApplicationContext, databaseUrl: string, { eventFeed }: Shape, onError: (error: unknown) => void): void => {
  if (eventFeed.kind !== 'kafka') return;
  const store = app.get(EventStore);
  const relay = new Relay({ log: store.parts.log, databaseUrl, kafka: eventFeed.kafka, onError });
  relay.start();
  store.usedBy(() => relay.stop());
};

export const stopDoubles = async (): Promise<void> => {
  for (const double of doubles.values()) await (await double).stop();
  doubles.clear();
};
