import { randomUUID } from 'node:crypto';
import type { AppendBatch, AppendRow } from './append-batch.js';
import { WriterConnection } from './writer-connection.js';

/**
 * Commits batches over one connection, which it opens when needed. A new connection is used only once the sessions of
 * lost ones are known to have ended: what they committed is then there to be seen, and nothing follows.
 */
export class Committer {
  private connection: Promise<WriterConnection> | undefined;
  private pid: number | undefined;
  private readonly lost = new Set<string>();

  constructor(private readonly url: string) {}

  /** @throws OutcomeUnknown when it may have been committed; any other error means that it was not. */
  async commit(batch: AppendBatch): Promise<readonly AppendRow[]> {
    const connection = await this.connected();
    return connection.run(batch);
  }

  /** Whether the session with this process id is the one that commits for us. */
  isOwn(pid: number): boolean {
    return pid === this.pid;
  }

  async close(): Promise<void> {
    const connection = await this.connection?.catch(() => undefined);
    await connection?.close();
  }

  /** Batches that find no connection share one attempt to open it. */
  private connected(): Promise<WriterConnection> {
    if (!this.connection) {
      const opening = this.open(() => { if (this.connection === opening) this.connection = undefined; });
      this.connection = opening;
    }
    return this.connection;
  }

  private async open(forget: () => void): Promise<WriterConnection> {
    const name = `meterbook log ${randomUUID()}`;
    const lost = [...this.lost];
    try {
      const connection = await WriterConnection.open(this.url, name);
      this.pid = connection.pid;
      connection.onceLost(() => {
        this.lost.add(name);
        this.pid = undefined;
        forget();
      });
      if (lost.length > 0 && !(await connection.endSessions(lost))) {
        connection.destroy();
        throw new Error('a lost session is still at work');
      }
      for (const ended of lost) this.lost.delete(ended);
      return connection;
    } catch (error) {
      forget();
      throw error;
    }
  }
}
