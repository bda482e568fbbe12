import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { unlessAborted } from '#libs/kernel';
import { closeSession, Gatherer, kafkaClient, keepTrying, lagAfter, newestEvents, openSession, openTopic, takeTurn, type KafkaSettings, type Lag } from '#libs/event-feed';
import type { EventLog, Position, RecordedEvent } from '#libs/event-log';
import { createPool } from '#libs/postgres';
import { refuseLostEvents } from './lost-events.js';
import { Publisher } from './publisher.js';
import { Fenced, makePositionTable, readPosition, SavedPosition } from './saved-position.js';

/** Most events that wait here while a send is under way. */
const READ_AHEAD = 5_000;
const PAGE = 1_000;
const LOOK_AGAIN_MS = 60_000;
/** Repeats that may stand behind the newest event of a partition: fewer than one send has, since all of it would have brought that event again. */
const MOST_REPEATED = READ_AHEAD + PAGE;

export type RelayState =
  /** Another process relays to this topic; this one takes over when that one ends. */
  | 'standby'
  /** It has the turn, and looks at the topic before it sends anything. */
  | 'starting'
  | 'live'
  /** Log, database or brokers are out of reach; it tries again by itself. */
  | 'retrying'
  /** Something is wrong that somebody has to mend (see `RelayRefusal`): it looks again every minute. Or `stop` was called. */
  | 'stopped';

export interface RelayStatus {
  readonly state: RelayState;
  /** Of the last event that is safe in the topic, with all before it, whichever process sent it; undefined before the first. */
  readonly position: Position | undefined;
  /** What the log has after that. */
  readonly lag: Lag;
  /** What keeps it from working; undefined while it works or waits for its turn. */
  readonly error: unknown;
}

export interface RelayOptions {
  readonly log: EventLog;
  /** The database where the position is kept, and where the turn is taken. */
  readonly databaseUrl: string;
  readonly kafka: KafkaSettings;
  /** How soon it looks whether what stopped it was mended: every minute when left out. */
  readonly lookAgainMs?: number;
  readonly onState?: (state: RelayState) => void;
  /** Told of events that the brokers have in all copies. `startedAt`: when they were sent, by `performance.now()`. */
  readonly onSent?: (events: readonly RecordedEvent[], startedAt: number) => void;
  /** Told of each outage, and of what stopped it, each time. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Brings all events of a log to a Kafka topic: at least once, each stream in its order. The position moves when the brokers
 * have acknowledged everything before it, so a crash at any point repeats some events and skips none. Of several relays of
 * a topic one works. One that was taken for dead can no longer move the position, and what it still sends is a repeat.
 */
export class Relay {
  private stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private state: RelayState = 'stopped';
  private error: unknown;
  private saved: SavedPosition | undefined;
  /** It stopped at the event after this position ('' before the first): it works only once that is sent, by whichever process. */
  private stuckAfter: Position | undefined;
  private readonly pool;

  constructor(private readonly options: RelayOptions) {
    this.pool = createPool(options.databaseUrl, { name: 'meterbook relay status', max: 1, statementTimeoutMs: 5_000 });
  }

  start(): void {
    this.observe('standby');
    this.running = this.run(this.stopping.signal);
  }

  /** Waits a few seconds for the send under way. It cannot be started again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    if (!this.pool.ending) await this.pool.end();
  }

  /** How it is, without asking anybody: for probes, which come often. */
  get condition(): Pick<RelayStatus, 'state' | 'error'> {
    return { state: this.state, error: this.error };
  }

  /** Counts what is behind, at most some thousand events. @throws when the database or the log does not answer */
  async status(): Promise<RelayStatus> {
    const position = this.saved ? this.saved.position : await readPosition(this.pool, this.options.kafka.topic, this.options.log.id);
    return { ...this.condition, position, lag: await lagAfter(this.options.log, position) };
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await keepTrying((progress) => this.takeTurns(signal, progress), signal, (error) => this.observe('retrying', error));
      } catch (error) {
        this.observe('stopped', error);
        await delay(this.options.lookAgainMs ?? LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.observe('stopped');
  }

  private async takeTurns(signal: AbortSignal, progress: () => void): Promise<void> {
    const session = await openSession(this.options.databaseUrl, 'meterbook relay');
    try {
      await makePositionTable(session);
      const isOurs = await takeTurn(session, `meterbook/relay/${this.options.kafka.topic}`, signal, () => this.observe('standby'));
      if (isOurs) await this.work(session, signal, progress);
    } catch (error) {
      if (!(error instanceof Fenced)) throw error; // who has taken over has the turn: wait for it again
    } finally {
      this.saved = undefined;
      await closeSession(session);
    }
  }

  private async work(session: Client, until: AbortSignal, progress: () => void): Promise<void> {
    const { log, kafka: settings } = this.options;
    const turn = whileHeld(session);
    const signal = AbortSignal.any([until, turn.signal]);
    try {
      if (this.error === undefined) this.observe('starting');
      const kafka = kafkaClient(settings);
      const topic = await unlessAborted(openTopic(kafka, settings), signal);
      this.saved = await SavedPosition.takeOver(session, topic, log);
      if (!topic.isUntouched) await refuseLostEvents(topic.name, await unlessAborted(newestEvents(kafka, topic.name, MOST_REPEATED, signal), signal), log);
      const publisher = await unlessAborted(Publisher.open(kafka, topic, log.id, signal), signal);
      try {
        if (this.stuckAfter !== (this.saved.position ?? '')) this.observe('live');
        await this.relay(this.saved, publisher, signal, progress);
      } finally {
        await publisher.close();
      }
    } finally {
      turn.end();
    }
    if (!until.aborted) signal.throwIfAborted();
  }

  private async relay(saved: SavedPosition, publisher: Publisher, until: AbortSignal, progress: () => void): Promise<void> {
    const left = new AbortController();
    const signal = AbortSignal.any([until, left.signal]);
    const gatherer = new Gatherer({ most: READ_AHEAD, gatherMs: 0 }, signal);
    const reading = this.read(gatherer, saved.position, signal).catch((error: unknown) => gatherer.fail(error));
    try {
      for (let events = await gatherer.take(); events; events = await gatherer.take()) {
        for (let sent = 0; sent < events.length && !until.aborted;) {
          const sending = publisher.pack(events, sent);
          const last = sending.events.at(-1);
          if (last) {
            const startedAt = performance.now();
            await publisher.send(sending, until);
            this.options.onSent?.(sending.events, startedAt);
            await saved.save(last.position, sending.events.length);
            progress();
            if (this.state !== 'live') this.observe('live');
          }
          if (sending.refusal) {
            this.stuckAfter = saved.position ?? '';
            throw sending.refusal;
          }
          sent += sending.events.length;
        }
      }
    } finally {
      left.abort();
      await reading;
    }
  }

  private async read(gatherer: Gatherer, after: Position | undefined, signal: AbortSignal): Promise<void> {
    for await (const page of this.options.log.subscribe({ after, batchSize: PAGE, signal })) await gatherer.put(page);
  }

  private observe(state: RelayState, error?: unknown): void {
    const isNews = state !== this.state;
    this.state = state;
    this.error = error;
    if (isNews) this.options.onState?.(state);
    if (error !== undefined) this.options.onError?.(error);
  }
}

/** The connection that holds the turn is lost: another relay may have it by now. */
class TurnLost extends Error {
  readonly code = 'ECONNRESET';
}

/** `signal` aborts with {@link TurnLost} when the connection has ended. */
const whileHeld = (session: Client): { readonly signal: AbortSignal; end(): void } => {
  const lost = new AbortController();
  const lose = (): void => lost.abort(new TurnLost('lost the database connection that holds the turn'));
  session.once('end', lose);
  return { signal: lost.signal, end: () => { session.off('end', lose); } };
};
