import { RevisionConflict, type Appended, type StreamHead } from '../event-log.js';
import { staleAmong } from './appender.js';
import type { Connections } from './connections.js';
import { whatFollows } from './visible.js';

/** Says where streams are at some instant after the call. */
export class Confirmer {
  constructor(private readonly connections: Connections) {}

  head(stream: string): Promise<number> {
    return this.connections.use(async (connection) => {
      const [revision] = await Promise.all([connection.heads.get(stream), connection.prove()]);
      return revision;
    });
  }

  confirm(stream: string, expected: number, guards: readonly StreamHead[]): Promise<Appended> {
    return this.connections.use(async (connection) => {
      const [actual, stale] = await Promise.all([connection.heads.get(stream), staleAmong(connection, guards), connection.prove()]);
      if (actual > expected) await whatFollows(connection, stream, expected, actual);
      if (actual !== expected) throw new RevisionConflict(stream, expected, actual);
      if (stale) throw stale;
      return { revision: expected, position: undefined };
    });
  }
}
