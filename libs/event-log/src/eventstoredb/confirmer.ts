import { RevisionConflict, type Appended, type StreamHead } from '../event-log.js';
import { staleAmong } from './appender.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { proveLeadership } from './identity.js';
import { SharedCalls } from './shared-calls.js';
import { whatFollows } from './visible.js';

/** Says where streams are at some instant after the call. */
export class Confirmer {
  private readonly proofs = new SharedCalls((connection: Connection) => proveLeadership(connection));

  /** @param mustProve in a cluster, where a node may not know yet that another one leads. */
  constructor(private readonly connections: Connections, private readonly mustProve: boolean) {}

  head(stream: string): Promise<number> {
    return this.connections.use(async (connection) => {
      const revision = await connection.heads.get(stream);
      if (this.mustProve) await this.proofs.get(connection);
      return revision;
    });
  }

  confirm(stream: string, expected: number, guards: readonly StreamHead[]): Promise<Appended> {
    return this.connections.use(async (connection) => {
      const [actual, stale] = await Promise.all([connection.heads.get(stream), staleAmong(connection, guards)]);
      if (actual > expected) await whatFollows(connection, stream, expected, actual);
      if (actual !== expected) throw new RevisionConflict(stream, expected, actual);
      if (stale) throw stale;
      if (this.mustProve) await this.proofs.get(connection);
      return { revision: expected, position: undefined };
    });
  }
}
