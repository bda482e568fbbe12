import type { ClientBase } from 'pg';
import type { Consumer, Delivery, FeedState } from '#libs/event-feed';
import type { RecordedEvent } from '#libs/event-log';
import { accountIdOf, isAccountStream, readRecord } from '../folding/account-record.js';
import { changesIn, readModelNames, ReadModelWriters, type Changes } from '../read-models.js';

/** The checkpoint of all live read models: one row, so that they cannot drift apart. */
export const LIVE = 'read-models';

/** What others learn of the projector. */
export interface ProjectorEvents {
  readonly onApplied: (records: readonly Changes[]) => void;
  readonly onState: (state: FeedState) => void;
}

/**
 * Folds events into all live read models at once: one transaction for a batch, with the checkpoint. The balance row of an
 * account holds the revision that all of them have reached.
 */
export class Projector implements Consumer<Changes> {
  readonly name = LIVE;
  private readonly models = new ReadModelWriters('read', readModelNames);

  constructor(private readonly events: ProjectorEvents) {}

  wants(stream: string): boolean {
    return isAccountStream(stream);
  }

  decode(event: RecordedEvent): Changes {
    return changesIn(readRecord(event));
  }

  async applied(tx: ClientBase, streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const revisions = await this.models.balance.revisions(tx, streams.map(accountIdOf));
    return new Map(streams.map((stream, at) => [stream, revisions[at] ?? -1]));
  }

  async apply(tx: ClientBase, deliveries: readonly Delivery<Changes>[]): Promise<void> {
    await this.models.fold(tx, deliveries.map(({ item }) => item));
    await this.models.write(tx);
  }

  committed(deliveries: readonly Delivery<Changes>[]): void {
    this.models.settle();
    this.events.onApplied(deliveries.map(({ item }) => item));
  }

  forget(): void {
    this.models.forget();
  }

  observe(state: FeedState): void {
    this.events.onState(state);
  }
}
