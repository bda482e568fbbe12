import { freshDatabase } from '../../../../test/support/postgres.js';
import { eventLogContract } from '../testing/event-log.contract.js';
import { streamMemoryContract } from '../testing/stream-memory.contract.js';
import { PostgresEventLog } from './postgres-event-log.js';
import { PostgresStreamMemory } from './postgres-stream-memory.js';

eventLogContract('the event log in PostgreSQL', async () => {
  const database = await freshDatabase();
  return { connect: () => PostgresEventLog.open(database.url), remove: database.drop };
});

streamMemoryContract('the stream memory in PostgreSQL', async () => {
  const database = await freshDatabase();
  const open: PostgresStreamMemory[] = [];
  return {
    connect: async (logId) => {
      const memory = await PostgresStreamMemory.open(database.url, logId);
      open.push(memory);
      return memory;
    },
    remove: async () => {
      await Promise.all(open.map((memory) => memory.close()));
      await database.drop();
    },
  };
});
