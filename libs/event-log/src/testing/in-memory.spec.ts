import { eventLogContract } from './event-log.contract.js';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from './in-memory.js';
import { streamMemoryContract } from './stream-memory.contract.js';

eventLogContract('the event log in memory', async () => {
  const store = new InMemoryStore();
  return { connect: async () => new InMemoryEventLog(store), remove: async () => undefined };
});

streamMemoryContract('the stream memory in memory', async () => {
  const memories = new Map<string, InMemoryStreamMemory>();
  return {
    connect: async (logId) => {
      const memory = memories.get(logId) ?? new InMemoryStreamMemory();
      memories.set(logId, memory);
      return memory;
    },
    remove: async () => undefined,
  };
});
