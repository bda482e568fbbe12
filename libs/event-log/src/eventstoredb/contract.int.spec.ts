import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { eventLogContract } from '../testing/event-log.contract.js';
import { EventStoreLog } from './event-store-log.js';
import { RenamedLog } from './testing/renamed-log.js';

jest.setTimeout(30_000);

eventLogContract('the event log in EventStoreDB (double)', async () => {
  const node = await ServerDouble.start();
  return { connect: () => EventStoreLog.open(node.url), remove: () => node.stop() };
});

const server = process.env.EVENTSTOREDB_URL;

// A server that may hold anything, also what an earlier run has left.
if (server) eventLogContract('the event log in a real EventStoreDB', () => {
  const run = `run${randomUUID().slice(0, 8)}-`;
  const connect = async (): Promise<RenamedLog> => new RenamedLog(await EventStoreLog.open(server, { prefixes: [`${run}account-`, `${run}catalog`] }), run);
  return Promise.resolve({ connect, remove: () => Promise.resolve() });
});
else it.todo('passes the contract on a real EventStoreDB, when EVENTSTOREDB_URL names one');
