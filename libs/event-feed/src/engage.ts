import type { Client } from 'pg';
import type { Consumer } from './event-feed.js';
import { keepTrying } from './keep-trying.js';
import { closeSession, openSession } from './session.js';
import { takeTurn, type Turn } from './turn.js';

export interface Engagement extends Turn {
  /** The database that holds the consumer's rows. */
  readonly url: string;
  readonly consumer: Consumer;
  readonly signal: AbortSignal;
}

/**
 * Lets a consumer work on a connection of its own until the signal, again after each outage, and tells it how that goes.
 * Who follows the log works alone; those who share a topic share the turn. So no two of different kinds ever work at once.
 * @throws what is no outage
 */
export const engage = async ({ url, consumer, signal, shared }: Engagement, work: (session: Client, progress: () => void) => Promise<void>): Promise<void> => {
  try {
    await keepTrying(async (progress) => {
      const session = await openSession(url, `meterbook ${consumer.name}`);
      try {
        const isOurs = await takeTurn(session, `meterbook/feed/${consumer.name}`, signal, () => consumer.observe({ status: 'standby' }), { shared });
        if (isOurs) await work(session, progress);
      } finally {
        await closeSession(session);
      }
    }, signal, (error) => consumer.observe({ status: 'retrying', error }));
  } catch (error) {
    consumer.observe({ status: 'stopped', error });
    throw error;
  }
};
