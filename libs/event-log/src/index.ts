export * from './event-log.js';
export * from './stream-memory.js';
export * from './stream-leases.js';
