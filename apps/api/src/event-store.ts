import type { OnApplicationShutdown } from '@nestjs/common';
import { PostgresEventLog, PostgresStreamLeases, PostgresStreamMemory, type EventLog, type StreamLeases, type StreamMemory } from '#libs/event-log';

/** The log, and what its writers remember and take turns by, opened together and closed last of all. */
export class EventStore implements OnApplicationShutdown {
  private constructor(readonly parts: { readonly log: EventLog; readonly memory: StreamMemory; readonly leases: StreamLeases }, private readonly closing: () => Promise<void>) {}

  /** @param onLeaseError told when a turn could not be had, which costs time only */
  static async open(url: string, onLeaseError: (error: unknown) => void): Promise<EventStore> {
    const log = await PostgresEventLog.open(url);
    const memory = await PostgresStreamMemory.open(url, log.id).catch(async (error: unknown) => {
      await log.close();
      throw error;
    });
    const leases = new PostgresStreamLeases(url, onLeaseError);
    return new EventStore({ log, memory, leases }, async () => {
      await log.close();
      await Promise.all([memory.close(), leases.close()]);
    });
  }

  close(): Promise<void> {
    return this.closing();
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
