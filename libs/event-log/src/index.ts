export * from './event-log.js';
export * from './stream-memory.js';
export * from './stream-leases.js';
export { PostgresEventLog } from './postgres/postgres-event-log.js';
export { PostgresStreamMemory } from './postgres/postgres-stream-memory.js';
