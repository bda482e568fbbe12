export * from './account/index.js';
export * from './catalog/index.js';
export * from './pricing/index.js';
export { eventReference } from './event-reference.js';
