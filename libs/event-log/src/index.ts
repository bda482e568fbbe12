export { appendBytes, fitsOneAppend } from './append-bytes.js';
export * from './event-log.js';
export * from './stream-memory.js';
export * from './stream-leases.js';
export { PostgresEventLog } from './postgres/postgres-event-log.js';
export { PostgresStreamLeases } from './postgres/stream-leases.js';
export { PostgresStreamMemory } from './postgres/postgres-stream-memory.js';
export { openEventStoreLog } from './eventstoredb/open.js';
export type { EventStoreLog, EventStoreOptions } from './eventstoredb/event-store-log.js';
