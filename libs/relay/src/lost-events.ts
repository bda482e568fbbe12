import { endsBefore, insteadOf, type RelayedEvent } from '#libs/event-feed';
import type { EventLog, Position } from '#libs/event-log';
import { ForeignTopic, LogRewound } from './refusals.js';

/** @throws LogRewound where the log ends before what was sent */
export const refuseLogThatEndsBefore = (topic: string, position: Position, end: Position | undefined): void => {
  const instead = endsBefore(position, end);
  if (instead !== undefined) throw new LogRewound(topic, `events up to position ${position} were sent to it, and the log ${instead}`);
};

/**
 * Position and log may go back in time together, when they are in one database that was restored or failed over to a
 * replica that lagged. Then only the topic knows what was lost.
 * @param newest events of the topic, read before the log is asked: by then it has all of them
 * @throws ForeignTopic, LogRewound
 */
export const refuseLostEvents = async (topic: string, newest: readonly RelayedEvent[], log: EventLog): Promise<void> => {
  const end = await log.end();
  for (const event of newest) {
    const { position, logId } = event;
    if (logId !== log.id) throw new ForeignTopic(topic, logId, log.id);
    refuseLogThatEndsBefore(topic, position, end);
    const instead = await insteadOf(event, log);
    if (instead !== undefined) throw new LogRewound(topic, `event ${event.id} was sent to it, and the log ${instead}`);
  }
};
