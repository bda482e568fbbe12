import { DirectFeed, type EventFeed } from '#libs/event-feed';
import type { EventLog } from '#libs/event-log';
import { Failure } from '#libs/process';
import type { EventFeedSettings } from '#libs/settings';

/** How events reach the read models in the database at `databaseUrl`. */
export const openEventFeed = (settings: EventFeedSettings, log: EventLog, databaseUrl: string): EventFeed => {
  if (settings.kind === 'kafka') throw new Failure('EVENT_FEED is kafka, which this version cannot do yet.');
  return new DirectFeed(log, databaseUrl);
};
