import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Client, ClientBase } from 'pg';
import type { EventLog } from '#libs/event-log';
import { Applier, CheckpointMoved } from '../applier.js';
import { lockCheckpoint, registerCheckpoint } from '../checkpoint.js';
import { engage } from '../engage.js';
import { ForeignCheckpoint, type Consumer, type EventFeed, type Lag } from '../event-feed.js';
import { GATHERING } from '../gatherer.js';
import { isOutage } from '../keep-trying.js';
import { lagAfter } from '../lag.js';
import { consumerGroupOf, dropPartitions, readPartitions, readProgress, type PartitionPlace, type TopicIdentity } from '../partitions.js';
import { inTransaction } from '../session.js';
import { giveTurn, takeTurn } from '../turn.js';
import { MissingMessages, type Delivery } from './delivery.js';
import { fillFromLog } from './fill.js';
import { administer, kafkaClient, type OnKafkaLog } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';
import { Membership } from './membership.js';
import { PartitionBookmark } from './partition-bookmark.js';
import { openTopic } from './topic.js';
import { lagInTopic } from './topic-lag.js';
import { canFollow, identityOf, rangesOf } from './topic-ranges.js';

/** Whoever asks how far a consumer is behind is told soon, with or without the brokers. */
const ANSWER_WITHIN_MS = 2_000;
/** A process that froze in the middle of a batch has lost its partitions by then; its locks must not hold off who has them now. */
const FROZEN_AFTER = '10s';

/** A consumer at work in this process. */
interface Work {
  readonly session: Client;
  readonly consumer: Consumer;
  readonly membership: Membership;
  readonly topic: TopicIdentity;
  readonly signal: AbortSignal;
  readonly progress: () => void;
}

/**
 * From a topic that the relay fills: the processes of a consumer are a group and share its partitions. Where each partition
 * is, stands beside the rows and moves with them; the brokers only say who has which.
 */
export class KafkaFeed implements EventFeed {
  private readonly kafka: Kafka;
  private readonly memberships = new Set<Membership>();

  /** @param url the database that holds the consumers' rows, and their checkpoints beside them */
  constructor(private readonly settings: KafkaSettings, private readonly log: EventLog, private readonly url: string, private readonly gathering = GATHERING, onKafkaLog?: OnKafkaLog) {
    this.kafka = kafkaClient(settings, onKafkaLog);
  }

  async consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
    await engage({ url: this.url, consumer, signal, shared: true }, async (session, progress) => {
      await session.query(`SET idle_in_transaction_session_timeout = '${FROZEN_AFTER}'`);
      const { source } = await registerCheckpoint(session, consumer.name, this.log.id);
      if (source !== this.log.id) throw new ForeignCheckpoint(consumer.name, this.log.id, source);
      const { cluster, name } = await openTopic(this.kafka, this.settings);
      const membership = new Membership({
        kafka: this.kafka, group: await consumerGroupOf(session, consumer.name), topic: name, logId: this.log.id, gathering: this.gathering, signal,
      });
      this.memberships.add(membership);
      try {
        await membership.join();
        await this.work({ session, consumer, membership, topic: identityOf(cluster, name), signal, progress });
      } finally {
        this.memberships.delete(membership);
        await membership.leave();
      }
    });
  }

  hurry(): void {
    for (const membership of this.memberships) membership.hurry();
  }

  /** What waits in the topic; where nothing does, what the relay has not brought. Without an answer of the brokers, what is certainly missing. */
  async lag(database: Pick<ClientBase, 'query'>, consumer: string): Promise<Lag> {
    const waiting = await Promise.race([this.lagInTopic(database, consumer), delay(ANSWER_WITHIN_MS, 'unknown' as const, { ref: false })])
      .catch((error: unknown) => { if (isOutage(error)) return 'unknown' as const; throw error; });
    if (waiting && waiting !== 'unknown') return waiting;
    const missing = await lagAfter(this.log, (await readProgress(database, consumer)).position || undefined);
    return { ...missing, atLeast: missing.atLeast || waiting === 'unknown' };
  }

  private lagInTopic(database: Pick<ClientBase, 'query'>, consumer: string): Promise<Lag | undefined> {
    const { topic } = this.settings;
    return administer(this.kafka, async (admin) => {
      const { clusterId } = await admin.describeCluster();
      return lagInTopic(admin, topic, await readPartitions(database, consumer, identityOf(clusterId, topic)));
    });
  }

  /** Applies what is assigned to this process until the abort, whatever that is at the time. */
  private async work(work: Work): Promise<void> {
    const { membership, consumer } = work;
    for (let delivery = await membership.delivery(); delivery; delivery = await membership.delivery()) {
      if (delivery.partitions.length === 0) {
        consumer.observe({ status: 'standby' });
        await delivery.ended();
        continue;
      }
      try {
        await this.apply(work, delivery);
      } catch (error) {
        if (error instanceof MissingMessages) await this.giveUpPlaces(work);
        else if (!(error instanceof CheckpointMoved)) throw error;
        membership.again(delivery);
      }
    }
  }

  private async apply(work: Work, delivery: Delivery): Promise<void> {
    const { session, consumer, membership, topic, progress } = work;
    const places = await this.places(work);
    const applier = new Applier(session, consumer, new PartitionBookmark(consumer.name, topic, places));
    membership.begin(delivery, new Map([...places.values()].map(({ partition, next }) => [partition, next])));
    consumer.observe({ status: 'live' });
    for (let events = await delivery.take(); events; events = await delivery.take()) {
      await applier.apply(events);
      progress();
    }
  }

  /** Where each partition goes on. Where the topic does not have all that follows, the log is read first, by one process. */
  private async places(work: Work): Promise<Map<number, PartitionPlace>> {
    const { session, consumer, topic, signal } = work;
    const look = async () => {
      const places = await readPartitions(session, consumer.name, topic);
      const ranges = await administer(this.kafka, (admin) => rangesOf(admin, this.settings.topic));
      return { places, ranges, isWhole: canFollow(places, ranges) };
    };
    const { places, isWhole } = await look();
    if (isWhole) return places;
    const turn = `meterbook/fill/${consumer.name}`;
    if (!(await takeTurn(session, turn, signal, () => consumer.observe({ status: 'standby' })))) return places;
    try {
      const { ranges, ...again } = await look();
      if (again.isWhole) return again.places;
      consumer.observe({ status: 'live' });
      await fillFromLog({ session, consumer, log: this.log, topic, ranges, most: this.gathering.most, signal });
      return await readPartitions(session, consumer.name, topic);
    } finally {
      await giveTurn(session, turn).catch(() => undefined); // the connection may be what failed, and then it is given back
    }
  }

  /** The places are no longer to be relied on: whoever comes next reads the log. */
  private async giveUpPlaces({ session, consumer }: Work): Promise<void> {
    await inTransaction(session, async () => {
      await lockCheckpoint(session, consumer.name);
      await dropPartitions(session, consumer.name);
    });
  }
}
