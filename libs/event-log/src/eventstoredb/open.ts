import type { EventStoreLog, EventStoreOptions } from './event-store-log.js';

/** Opens the log in EventStoreDB at a connection string. What that needs is loaded by those who use it, for it takes a while. */
export const openEventStoreLog = async ({ url, ...options }: EventStoreOptions & { readonly url: string }): Promise<EventStoreLog> => {
  const { EventStoreLog } = await import('./event-store-log.js');
  return EventStoreLog.open(url, options);
};
