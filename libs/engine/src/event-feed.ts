import { DirectFeed, KafkaFeed, type EventFeed } from '#libs/event-feed';
import type { EventLog } from '#libs/event-log';
import type { EventFeedSettings } from '#libs/settings';

/** How events reach the read models in the database at `databaseUrl`. */
export const openEventFeed = (settings: EventFeedSettings, log: EventLog, databaseUrl: string): EventFeed =>
  (settings.kind === 'kafka' ? new KafkaFeed(settings.kafka, log, databaseUrl) : new DirectFeed(log, databaseUrl));
