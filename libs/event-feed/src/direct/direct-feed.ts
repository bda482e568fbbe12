import type { Client } from 'pg';
import type { EventLog, Position, RecordedEvent } from '#libs/event-log';
import { Applier, CheckpointMoved } from '../applier.js';
import { PoisonEvent, type Consumer, type Delivery, type EventFeed, type Lag } from '../event-feed.js';
import { Gatherer, type Gathering } from '../gatherer.js';
import { keepTrying } from '../keep-trying.js';
import { closeSession, openSession } from '../session.js';
import { takeTurn } from '../turn.js';

const GATHERING: Gathering = { most: 5_000, gatherMs: 100 };
/** Events decoded in one go; between two pages other work gets its turn. */
const PAGE = 500;
/** Counting what is behind reads it. */
const COUNT_AT_MOST = 10_000;

/** Straight from the log: a catch-up subscription in the process that projects. The position is the log's. */
export class DirectFeed implements EventFeed {
  private readonly gatherers = new Set<Pick<Gatherer<unknown>, 'hurry'>>();

  /** @param url the database that holds the consumers' rows, and their checkpoints beside them */
  constructor(private readonly log: EventLog, private readonly url: string, private readonly gathering = GATHERING) {}

  async consume<Item>(consumer: Consumer<Item>, signal: AbortSignal): Promise<void> {
    try {
      await keepTrying(async (progress) => {
        const session = await openSession(this.url, `meterbook ${consumer.name}`);
        try {
          const isOurs = await takeTurn(session, `meterbook/feed/${consumer.name}`, signal, () => consumer.observe({ status: 'standby' }));
          if (isOurs) await this.work(session, consumer, signal, progress);
        } finally {
          await closeSession(session);
        }
      }, signal, (error) => consumer.observe({ status: 'retrying', error }));
    } catch (error) {
      consumer.observe({ status: 'stopped', error });
      throw error;
    }
  }

  hurry(): void {
    for (const gatherer of this.gatherers) gatherer.hurry();
  }

  async lag(after: Position | undefined): Promise<Lag> {
    let events = 0;
    let next: RecordedEvent | undefined;
    for await (const page of this.log.readAll({ after, batchSize: 1_000 })) {
      next ??= page[0];
      events += page.length;
      if (events >= COUNT_AT_MOST) return { events, atLeast: true, next };
    }
    return { events, atLeast: false, next };
  }

  /** Applies until the abort; begins again from the checkpoint when somebody else has moved it. */
  private async work<Item>(session: Client, consumer: Consumer<Item>, signal: AbortSignal, progress: () => void): Promise<void> {
    while (!signal.aborted) {
      const applier = await Applier.open(session, consumer, this.log.id);
      consumer.observe({ status: 'live' });
      try {
        await this.follow(applier, consumer, signal, progress);
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error;
      }
    }
  }

  private async follow<Item>(applier: Applier<Item>, consumer: Consumer<Item>, until: AbortSignal, progress: () => void): Promise<void> {
    const left = new AbortController();
    const signal = AbortSignal.any([until, left.signal]);
    const gatherer = new Gatherer<Item>(this.gathering, signal);
    this.gatherers.add(gatherer);
    const pumping = this.pump(gatherer, consumer, applier.position, signal).catch((error: unknown) => gatherer.fail(error));
    try {
      for (let batch = await gatherer.take(); batch; batch = await gatherer.take()) {
        await applier.apply(batch);
        progress();
      }
    } finally {
      left.abort();
      this.gatherers.delete(gatherer);
      await pumping;
    }
  }

  /** Decodes what the log brings while the last batch is being applied. */
  private async pump<Item>(gatherer: Gatherer<Item>, consumer: Consumer<Item>, after: Position | undefined, signal: AbortSignal): Promise<void> {
    for await (const page of this.log.subscribe({ after, batchSize: PAGE, signal })) {
      const { deliveries, read, poison } = decode(page, consumer);
      const last = page[read - 1];
      if (last) await gatherer.put({ deliveries, events: read, position: last.position });
      if (poison) throw poison;
      if (signal.aborted) return;
    }
  }
}

/** Decodes a page, or what of it lies before an event that cannot be read: that much is still applied. */
const decode = <Item>(page: readonly RecordedEvent[], consumer: Consumer<Item>): { deliveries: Delivery<Item>[]; read: number; poison?: PoisonEvent } => {
  const deliveries: Delivery<Item>[] = [];
  let read = 0;
  for (const event of page) {
    const { stream, revision } = event;
    try {
      if (consumer.wants(stream)) deliveries.push({ stream, revision, item: consumer.decode(event) });
    } catch (error) {
      return { deliveries, read, poison: new PoisonEvent(consumer.name, stream, revision, error) };
    }
    read += 1;
  }
  return { deliveries, read };
};
