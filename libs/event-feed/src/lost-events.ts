import type { ClientBase } from 'pg';
import type { EventLog, Position } from '#libs/event-log';
import { insteadOf, readNewestEvent } from './newest-event.js';
import { readProgress } from './partitions.js';

/** Of events up to a position that a log lost: what it has instead, as a part of a sentence. */
export interface Loss {
  readonly position: Position;
  readonly instead: string;
}

/** What a log that ends there has instead of a position, as a part of a sentence; undefined where it reaches that far. */
export const endsBefore = (position: Position, end: Position | undefined): string | undefined =>
  (position > (end ?? '') ? `ends at ${end ?? 'none'}` : undefined);

/** What the log lost of all that was applied for a consumer: it may end before that, or have grown since with other events in its place. */
export const findLoss = async (client: Pick<ClientBase, 'query'>, consumer: string, log: Pick<EventLog, 'end' | 'read'>): Promise<Loss | undefined> => {
  const { position } = await readProgress(client, consumer);
  const newest = await readNewestEvent(client, consumer);
  const short = endsBefore(position, await log.end()); // asked for when all that was applied already
  if (short !== undefined) return { position, instead: short };
  const instead = newest && await insteadOf(newest, log);
  return newest && instead !== undefined ? { position: newest.position, instead } : undefined;
};
