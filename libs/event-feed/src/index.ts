export { CHECKPOINT_TABLE, lockCheckpoint, readCheckpoint, registerCheckpoint, saveCheckpoint, type Checkpoint } from './checkpoint.js';
export { DirectFeed } from './direct/direct-feed.js';
export * from './event-feed.js';
export { isOutage } from './keep-trying.js';
export { dropPartitions, PARTITION_TABLE } from './partitions.js';
export { closeSession, openSession } from './session.js';
export { fromMessage, toMessage, UnreadableMessage, type EventMessage, type IncomingMessage, type RelayedEvent } from './kafka/event-message.js';
export type { KafkaLogin, KafkaSettings } from './kafka/kafka-settings.js';
