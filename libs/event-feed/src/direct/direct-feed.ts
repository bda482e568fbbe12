import type { Client } from 'pg';
import type { EventLog, Position, RecordedEvent } from '#libs/event-log';
import { Applier, CheckpointMoved } from '../applier.js';
import { PoisonEvent, type Consumer, type EventFeed, type Lag } from '../event-feed.js';
import { Gatherer, type Gathering } from '../gatherer.js';
import { keepTrying } from '../keep-trying.js';
import { closeSession, openSession } from '../session.js';
import { takeTurn } from '../turn.js';

const GATHERING: Gathering = { most: 5_000, gatherMs: 100 };
const PAGE = 500;
/** Counting what is behind reads it. */
const COUNT_AT_MOST = 10_000;

/** Straight from the log: a catch-up subscription in the process that projects. The position is the log's. */
export class DirectFeed implements EventFeed {
  private readonly gatherers = new Set<Gatherer>();

  /** @param url the database that holds the consumers' rows, and their checkpoints beside them */
  constructor(private readonly log: EventLog, private readonly url: string, private readonly gathering = GATHERING) {}

  async consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
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
  private async work(session: Client, consumer: Consumer, signal: AbortSignal, progress: () => void): Promise<void> {
    while (!signal.aborted) {
      const applier = await Applier.open(session, consumer, this.log.id);
      consumer.observe({ status: 'live' });
      try {
        await this.follow(applier, signal, progress);
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error;
      }
    }
  }

  private async follow(applier: Applier, until: AbortSignal, progress: () => void): Promise<void> {
    const left = new AbortController();
    const signal = AbortSignal.any([until, left.signal]);
    const gatherer = new Gatherer(this.gathering, signal);
    this.gatherers.add(gatherer);
    const pumping = this.pump(gatherer, applier.position, signal).catch((error: unknown) => gatherer.fail(error));
    try {
      for (let events = await gatherer.take(); events; events = await gatherer.take()) {
        await applyAll(applier, events);
        progress();
      }
    } finally {
      left.abort();
      this.gatherers.delete(gatherer);
      await pumping;
    }
  }

  private async pump(gatherer: Gatherer, after: Position | undefined, signal: AbortSignal): Promise<void> {
    for await (const page of this.log.subscribe({ after, batchSize: PAGE, signal })) await gatherer.put(page);
  }
}

/** Applies a batch; of one with an event that cannot be read, what lies before that. @throws what the applier does */
const applyAll = async (applier: Applier, events: readonly RecordedEvent[]): Promise<void> => {
  const last = events.at(-1);
  if (!last) return;
  try {
    await applier.apply({ events, position: last.position });
  } catch (error) {
    if (error instanceof PoisonEvent) await applyAll(applier, events.slice(0, events.findIndex(({ stream, revision }) => stream === error.stream && revision === error.revision)));
    throw error;
  }
};
