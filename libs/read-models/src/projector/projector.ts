import type { ClientBase } from 'pg';
import type { Consumer, FeedState } from '#libs/event-feed';
import type { RecordedEvent } from '#libs/event-log';
import { accountIdOf, isAccountStream } from '../folding/account-record.js';
import { readModelNames, ReadModelWriters } from '../read-models.js';

/** The checkpoint of all live read models: one row, so that they cannot drift apart. */
export const LIVE = 'read-models';

/** What others learn of the projector. */
export interface ProjectorEvents {
  readonly onApplied: (events: readonly RecordedEvent[]) => void;
  readonly onState: (state: FeedState) => void;
}

/**
 * Folds events into all live read models at once: one transaction for a batch, with the checkpoint. The balance row of an
 * account holds the revision that all of them have reached.
 */
export class Projector implements Consumer {
  readonly name = LIVE;
  private readonly models = new ReadModelWriters('read', readModelNames);

  constructor(private readonly events: ProjectorEvents) {}

  wants(stream: string): boolean {
    return isAccountStream(stream);
  }

  async applied(tx: ClientBase, streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const revisions = await this.models.balance.revisions(tx, streams.map(accountIdOf));
    return new Map(streams.map((stream, at) => [stream, revisions[at] ?? -1]));
  }

  async apply(tx: ClientBase, events: readonly RecordedEvent[]): Promise<void> {
    await this.models.apply(tx, events);
  }

  committed(events: readonly RecordedEvent[]): void {
    this.models.settle();
    this.events.onApplied(events);
  }

  forget(): void {
    this.models.forget();
  }

  observe(state: FeedState): void {
    this.events.onState(state);
  }
}
