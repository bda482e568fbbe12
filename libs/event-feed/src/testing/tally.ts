import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { RecordedEvent } from '#libs/event-log';
import { PoisonEvent, type Consumer, type FeedState } from '../event-feed.js';
import { dropPartitions } from '../partitions.js';
import { inTransaction } from '../session.js';

/** No key: an event applied twice shows as two rows. */
export const TALLY_TABLE = `
  CREATE TABLE tally (consumer text NOT NULL, place serial, stream text NOT NULL, revision integer NOT NULL, body text NOT NULL);
  CREATE INDEX ON tally (consumer, stream, revision)`;

/** Does to the checkpoints what a rebuild does, leaving the rows. */
export const replaceRows = async (client: ClientBase, consumer: string): Promise<void> => inTransaction(client, async () => {
  await client.query('UPDATE read.checkpoint SET generation = generation + 1 WHERE consumer = $1', [consumer]);
  await dropPartitions(client, consumer);
});

export interface Applied {
  readonly stream: string;
  readonly revision: number;
  readonly body: string;
}

/** A consumer that writes down what it is given. Its hooks let a test break it. */
export class Tally implements Consumer {
  readonly states: FeedState[] = [];
  /** Events it was told to apply. */
  given = 0;
  forgot = 0;
  /** Runs inside the transaction, after the rows were written. */
  beforeCommit: (tx: ClientBase) => Promise<void> = async () => {};
  private readonly listeners = new Set<() => void>();

  constructor(readonly name: string) {}

  wants(stream: string): boolean {
    return !stream.startsWith('other-');
  }

  async applied(tx: ClientBase, streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await tx.query<{ stream: string; revision: number }>(
      'SELECT stream, max(revision) AS revision FROM tally WHERE consumer = $1 AND stream = ANY($2) GROUP BY stream', [this.name, streams],
    );
    return new Map(rows.map(({ stream, revision }) => [stream, revision]));
  }

  async apply(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void> {
    this.given += events.length;
    for (const { stream, revision, body } of events) {
      if (body === 'poison') throw new PoisonEvent(this.name, stream, revision, new SyntaxError('not what it should be'));
      await tx.query('INSERT INTO tally (consumer, stream, revision, body) VALUES ($1, $2, $3, $4)', [this.name, stream, revision, body]);
    }
    await this.beforeCommit(tx);
  }

  committed(): void { this.changed(); }
  forget(): void { this.forgot += 1; }

  observe(state: FeedState): void {
    this.states.push(state);
    this.changed();
  }

  /** Resolves when `reached` holds, which is asked after each commit and each change of state. */
  until(reached: () => boolean | Promise<boolean>): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = async (): Promise<void> => {
        if (!(await reached())) return;
        this.listeners.delete(listener);
        resolve();
      };
      const listener = (): void => { look().catch(reject); };
      this.listeners.add(listener);
      listener();
    });
  }

  /** The same, where others may be the ones who commit: asked again and again. */
  async untilLater(reached: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await reached())) await delay(20);
  }

  async untilStatus(status: FeedState['status']): Promise<void> {
    await this.until(() => this.states.at(-1)?.status === status);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
