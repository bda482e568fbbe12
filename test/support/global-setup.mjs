import { startServer } from './postgres-server.mjs';

/** One PostgreSQL for the whole run; each spec file makes itself a database on it (see postgres.ts). */
export default async function globalSetup() {
  globalThis.testServer = await startServer();
  process.env.METERBOOK_TEST_SERVER = globalThis.testServer.url;
}
