import { pino } from 'pino';
import { Metrics } from '#libs/http';
import { backOff } from '../../event-log/src/testing/back-off.js';
import { eventLogContract } from '../../event-log/src/testing/event-log.contract.js';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../event-log/src/testing/in-memory.js';
import { Telemetry } from './telemetry.js';
import type { Tracing } from './traces/tracing.js';

const tracing: Tracing = { start: () => ({ traceparent: '', set: () => undefined, end: () => undefined }), stop: () => Promise.resolve() };

eventLogContract('a log that is looked at', async () => {
  const store = new InMemoryStore();
  const connect = () => {
    const telemetry = new Telemetry({ metrics: new Metrics(), log: pino({ level: 'silent' }), tracing });
    return Promise.resolve(telemetry.writing({ log: new InMemoryEventLog(store), memory: new InMemoryStreamMemory(), leases: backOff }).log);
  };
  return { connect, remove: async () => undefined };
});
