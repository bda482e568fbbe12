export * from './event-log.js';
export * from './stream-memory.js';
