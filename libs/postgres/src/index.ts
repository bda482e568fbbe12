export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
export { createPool, poolSettings, type PoolOptions } from './pool.js';
export { DataDirectoryInUse, StartError } from './start-error.js';
export type { PostgresState } from './supervisor.js';
