export { Accounts, type AccountsParts, type TraceOrder } from './accounts.js';
export type { Outcome, WriterParts } from './account-writer.js';
export { Catalogs } from './catalogs.js';
export * from './commands.js';
export * from './commands.module.js';
export * from './expiry-scheduler.js';
export { factOf } from './loaded-account.js';
export * from './tokens.js';
