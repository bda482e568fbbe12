import { isOutage } from '#libs/event-feed';
import { openEventStoreLog, readLogPlace, PostgresEventLog, PostgresStreamLeases, PostgresStreamMemory, type EventLog, type EventStoreLog, type StreamLeases, type StreamMemory } from '#libs/event-log';
import type { EventLogSettings } from '#libs/settings';
import { refuseOtherBooks, refuseSealed } from './log-guard.js';
import { patiently } from './patience.js';

/** Where the log is, and the database beside it. */
export interface EventStoreSettings {
  /** PostgreSQL: what writers remember and take turns by is there, wherever the log is. */
  readonly databaseUrl: string;
  readonly eventLog: EventLogSettings;
  /** Told how many appends shared a commit, where the log gathers them here. */
  readonly onCommit?: (appends: number) => void;
  /** Ends the wait for a log that is not there yet. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens the event log to write to it. @throws Failure when it cannot be reached in time or used at all, or is not the one with the books */
export const openEventLog = async (settings: EventStoreSettings, say: (line: string) => void = () => undefined): Promise<EventLog> => {
  const log = await reachEventLog(settings, say);
  try {
    const place = await readLogPlace(settings.databaseUrl);
    if (log instanceof PostgresEventLog) refuseSealed(place);
    else refuseOtherBooks(place, log);
    return log;
  } catch (error) {
    await log.close();
    throw error;
  }
};

/** Opens the event log, whether or not it is the one to write to. @throws Failure when it cannot be reached in time, or used at all */
export const reachEventLog = async ({ databaseUrl, eventLog, onCommit, signal }: EventStoreSettings, say: (line: string) => void): Promise<PostgresEventLog | EventStoreLog> => {
  if (eventLog.kind === 'postgres') return PostgresEventLog.open(databaseUrl, onCommit);
  const { url } = eventLog;
  return patiently(() => openEventStoreLog({ url }), {
    what: `The event log at ${hostsOf(url)}`, check: 'EVENTSTOREDB_URL', isPassing: isOutage, say, signal,
  });
};

/** Of a connection string, without the password. */
const hostsOf = (url: string): string => /:\/\/(?:[^@/?]*@)?([^/?]*)/.exec(url)?.[1] ?? 'EVENTSTOREDB_URL';

/** The log, and what its writers remember and take turns by, opened together and closed last of all. */
export class EventStore {
  private readonly users: (() => Promise<unknown>)[] = [];

  private constructor(readonly parts: { readonly log: EventLog; readonly memory: StreamMemory; readonly leases: StreamLeases }, private readonly closing: () => Promise<void>) {}

  /** @param onLeaseError told when a turn could not be had, which costs time only */
  static async open(settings: EventStoreSettings, onLeaseError: (error: unknown) => void, say?: (line: string) => void): Promise<EventStore> {
    const { databaseUrl } = settings;
    const log = await openEventLog(settings, say);
    const memory = await PostgresStreamMemory.open(databaseUrl, log.id).catch(async (error: unknown) => {
      await log.close();
      throw error;
    });
    const leases = new PostgresStreamLeases(databaseUrl, onLeaseError);
    return new EventStore({ log, memory, leases }, async () => {
      await log.close();
      await Promise.all([memory.close(), leases.close()]);
    });
  }

  /** Something that works on the log, and is stopped before the log is closed; the last first. */
  usedBy(stop: () => Promise<unknown>): void {
    this.users.push(stop);
  }

  async close(): Promise<void> {
    for (let stop = this.users.pop(); stop; stop = this.users.pop()) await stop();
    await this.closing();
  }

  /** Where it is a provider of a Nest application. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
