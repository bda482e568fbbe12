export { listenAt, type Address } from './address.js';
export { openDatabase, waitForDatabase, type OpenedDatabase } from './database.js';
export { openEventFeed } from './event-feed.js';
export { EventStore, openEventLog, reachEventLog, type EventStoreSettings } from './event-store.js';
export { runProcess, type ListeningPart, type ProcessParts, type RunningPart } from './run-process.js';
export { startOver } from './start-over.js';
export { openTelemetry } from './telemetry.js';
export { StatusServer, type Check } from './status-server.js';
