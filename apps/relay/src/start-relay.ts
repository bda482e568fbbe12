import type { ProcessParts, RunningPart } from '#libs/engine';
import { Failure } from '#libs/process';

/** Brings the events of the log to Kafka. */
export const startRelay = ({ settings: { eventFeed } }: ProcessParts): Promise<RunningPart> => {
  if (eventFeed.kind !== 'kafka') throw new Failure('There is nothing to relay: EVENT_FEED is direct, so the projectors read the log themselves. Set EVENT_FEED=kafka, or do without this process.');
  throw new Failure('EVENT_FEED is kafka, which this version cannot do yet.');
};
