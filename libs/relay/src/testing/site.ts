import { randomUUID } from 'node:crypto';
import { administer, kafkaClient, type KafkaSettings } from '#libs/event-feed';
import { PostgresEventLog, type EventLog, type RecordedEvent } from '#libs/event-log';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import type { KafkaBroker } from '../../../../test/support/kafka.js';
import { Relay, type RelayState } from '../relay.js';
import { TopicReader } from './topic-reader.js';
import { until } from './until.js';

const body = (n: number): string => JSON.stringify({ recordedAt: new Date().toISOString(), data: { n, filler: 'x'.repeat(300) } });

/** A log in a database of its own, a topic of its own, and relays between them. */
export class Site {
  readonly settings: KafkaSettings;
  private readonly revisions = new Map<string, number>();
  private readonly relays: Relay[] = [];
  private readonly readers: TopicReader[] = [];
  private count = 0;

  private constructor(private readonly database: TestDatabase, readonly log: EventLog, broker: KafkaBroker) {
    this.settings = { brokers: broker.brokers, topic: `events-${randomUUID()}`, partitions: 4, replication: 1, tls: undefined, sasl: undefined };
  }

  static async open(broker: KafkaBroker, openLog: (databaseUrl: string) => Promise<EventLog> = (url) => PostgresEventLog.open(url)): Promise<Site> {
    const database = await freshDatabase();
    return new Site(database, await openLog(database.url), broker);
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  /** Appends so many events, in pairs, to some of these streams in turn. */
  async write(events: number, streams: number): Promise<void> {
    const appends: Promise<void>[] = [];
    for (let n = 0; n < events / 2; n += 1) {
      const stream = `account-${n % streams}`;
      appends.push(this.append(stream, [body(this.count += 1), body(this.count += 1)]));
      if (appends.length === streams || n + 1 >= events / 2) await Promise.all(appends.splice(0));
    }
  }

  /** One append to a stream after another. */
  async append(stream: string, bodies: readonly string[]): Promise<void> {
    const { revision } = await this.log.append(stream, bodies.map((text) => ({ id: randomUUID(), type: 'Tested', body: text })), this.revisions.get(stream) ?? -1);
    this.revisions.set(stream, revision);
  }

  /** The log has lost what a stream had after this revision. */
  rewindTo(stream: string, revision: number): void {
    this.revisions.set(stream, revision);
  }

  relay(options: { readonly log?: EventLog; readonly settings?: KafkaSettings; readonly lookAgainMs?: number } = {}): { relay: Relay; states: RelayState[]; errors: unknown[] } {
    const [states, errors]: [RelayState[], unknown[]] = [[], []];
    const relay = new Relay({
      log: options.log ?? this.log, databaseUrl: this.databaseUrl, kafka: options.settings ?? this.settings, ...(options.lookAgainMs !== undefined && { lookAgainMs: options.lookAgainMs }),
      onState: (state) => states.push(state), onError: (error) => errors.push(error),
    });
    this.relays.push(relay);
    relay.start();
    return { relay, states, errors };
  }

  /** What there is in the topic, once it has every event of the log, with no gap in any stream. */
  async expectAll(): Promise<TopicReader> {
    await until(async () => (await administer(kafkaClient(this.settings), (admin) => admin.listTopics())).includes(this.settings.topic));
    const reader = await TopicReader.open(this.settings);
    this.readers.push(reader);
    const events = new Map<string, RecordedEvent[]>();
    for await (const page of this.log.readAll()) for (const event of page) events.set(event.stream, [...events.get(event.stream) ?? [], event]);
    const total = [...events.values()].reduce((sum, { length }) => sum + length, 0);
    await until(() => reader.events >= total);
    const withLog = (event: RecordedEvent) => ({ ...event, logId: this.log.id, partition: expect.any(Number) as number });
    const streams = reader.streams();
    for (const [stream, expected] of events) expect(streams.get(stream)).toEqual(expected.map(withLog));
    return reader;
  }

  async close(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop()));
    await Promise.all(this.readers.map((reader) => reader.close()));
    await this.log.close();
    await this.database.drop();
  }
}
