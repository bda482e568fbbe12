import { Client } from 'pg';

/**
 * Ends a connection on which an answer did not come in time. The driver would wait there for the late answer, with all
 * queries that follow, and TypeORM gives a connection back to its pool as if it was well, whatever happened on it.
 */
export class HangingUpClient extends Client {
  override query(...asked: unknown[]): never {
    const answer: unknown = super.query(...(asked as [string]));
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if (error instanceof Error && error.message === 'Query read timeout') this.end().catch(() => undefined);
      });
    }
    return answer as never; // of the type that the overload in use has
  }
}
