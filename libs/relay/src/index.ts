export { ForeignTopic, LogRewound, OversizedEvent, RelayRefusal, TopicRepartitioned, UnreadableEvent } from './refusals.js';
export { Relay, type RelayOptions, type RelayState, type RelayStatus } from './relay.js';
