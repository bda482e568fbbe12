import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { administer, inTransaction, kafkaClient, keepTrying, openTopic, registerCheckpoint, type KafkaSettings, type Topic } from '#libs/event-feed';
import { PostgresEventLog } from '#libs/event-log';
import { identityOf } from '../../../libs/event-feed/src/kafka/topic-ranges.js';
import { insertPartitions } from '../../../libs/event-feed/src/partitions.js';
import { LIVE } from '../../../libs/read-models/src/projector/projector.js';
import type { Bench, Figure, Scenario } from '../bench.js';
import { catalogFile, catalogOf } from '../history/kyma.js';
import { seedHistory } from '../history/seed-history.js';
import { startBroker, whyNoBroker, type Broker } from '../support/broker.js';
import { Child } from '../support/child.js';
import { cpuMicrosOf, ServerCpu } from '../support/cpu.js';
import { startServer, withClient, type Server } from '../support/database.js';
import { emptyReadModels, makeTables, requireFold } from '../support/read-models.js';
import { inRounds, longRounds, median, medianRatio } from '../support/rounds.js';

/** A log projected into all read models once, and what that took for each event, in microseconds of CPU. */
interface Turn {
  readonly perSecond: number;
  readonly cpu: Readonly<Record<string, number>>;
  /** The relay's own rate, where there is one. */
  readonly relayedPerSecond?: number;
}

/** S5: the log into all read models, straight and through a topic, against COPY of the same rows. */
class Projecting {
  private readonly directory: string;
  private readonly projector: Child;
  private readonly copier = Child.start('workers/copy.js');

  constructor({ engineFlags }: Bench, private readonly server: Server, private readonly events: number, private readonly cpu: ServerCpu) {
    this.directory = server.directory;
    this.projector = Child.start('workers/project.js', engineFlags);
  }

  async open(): Promise<void> {
    await this.projector.call('open', { url: this.server.url });
  }

  async direct(): Promise<Turn> {
    await emptyReadModels(this.server.url);
    return this.measured({ projector: [this.projector.pid] }, async () => {
      await this.projector.call('begin', {});
      await this.projector.call('applied', { events: this.events });
    });
  }

  /** @returns how many rows the read models have */
  dump(): Promise<number> {
    return this.copier.call('dump', { url: this.server.url, directory: this.directory });
  }

  async copy(): Promise<Turn> {
    return { perSecond: this.events / await this.copier.call<number>('load', { url: this.server.url, directory: this.directory }), cpu: {} };
  }

  /** The projector has joined when the relay begins, and nothing is in the topic. */
  async throughKafka({ broker, relay }: Shape): Promise<Turn> {
    await emptyReadModels(this.server.url);
    const kafka: KafkaSettings = { brokers: broker.brokers, topic: `s5-${randomUUID()}`, partitions: 12, replication: 1, tls: undefined, sasl: undefined };
    await beginTopic(this.server.url, kafka);
    await this.projector.call('begin', { kafka });
    let relaySeconds = 0;
    const pids = { relay: [relay.pid], broker: [Number(await readFile(path.join(broker.home, 'pid'), 'utf8'))], projector: [this.projector.pid] };
    const turn = await this.measured(pids, async () => {
      const relaying = relay.call<number>('run', { kafka, events: this.events });
      await this.projector.call('applied', { events: this.events });
      relaySeconds = await relaying;
    });
    await administer(kafkaClient(kafka), (admin) => admin.deleteTopics({ topics: [kafka.topic] }));
    return { ...turn, relayedPerSecond: this.events / relaySeconds };
  }

  async stop(): Promise<void> {
    await Promise.all([this.projector.stop(), this.copier.stop()]);
  }

  private async measured(processes: Readonly<Record<string, readonly number[]>>, project: () => Promise<void>): Promise<Turn> {
    const cpu = async (): Promise<Record<string, number>> => {
      const own = await Promise.all(Object.entries(processes).map(async ([name, pids]) => [name, await cpuMicrosOf(pids)] as const));
      return { ...Object.fromEntries(own), PostgreSQL: await this.cpu.micros() };
    };
    const before = await cpu();
    const begun = performance.now();
    await project();
    const seconds = (performance.now() - begun) / 1_000;
    const after = await cpu();
    await this.projector.call('end');
    await requireFold(this.server.url);
    return {
      perSecond: this.events / seconds,
      cpu: Object.fromEntries(Object.entries(after).map(([name, micros]) => [name, (micros - before[name]!) / this.events])),
    };
  }
}

/** What the enterprise shape has besides. */
interface Shape {
  readonly broker: Broker;
  readonly relay: Child;
}

/** A new topic, and a projector that has been led through it since before the first event: otherwise it would read from the log what the topic lacks. */
const beginTopic = async (url: string, kafka: KafkaSettings): Promise<void> => {
  const log = await PostgresEventLog.open(url);
  await log.close();
  const { cluster, name, partitions } = await newTopic(kafka);
  await withClient(url, (client) => inTransaction(client, async () => {
    const { generation } = await registerCheckpoint(client, LIVE, log.id);
    const places = Array.from({ length: partitions }, (_, partition) => ({ partition, next: 0, position: '', events: 0, generation }));
    await insertPartitions(client, LIVE, identityOf(cluster, name), places);
  }));
};

/** A topic that was just made has no leaders for a moment. */
const newTopic = async (kafka: KafkaSettings): Promise<Topic> => {
  let topic: Topic | undefined;
  await keepTrying(async () => { topic = await openTopic(kafkaClient(kafka), kafka); }, new AbortController().signal, () => undefined);
  return topic!;
};

const startShape = async (url: string, { engineFlags, say }: Bench): Promise<Shape | undefined> => {
  const reason = await whyNoBroker();
  if (reason !== undefined) {
    say(`S5 kafka: left out, as ${reason}`);
    return undefined;
  }
  say('S5: starting a Kafka broker');
  const broker = await startBroker();
  const relay = Child.start('workers/relay.js', engineFlags);
  await relay.call('open', { url });
  return { broker, relay };
};

/** Each contender's first turn warms it up; the first of all makes the rows that COPY writes. */
const measure = async (projecting: Projecting, shape: Shape | undefined, { size: { rounds }, say }: Bench) => {
  say('S5: warming up');
  await projecting.open();
  await projecting.direct();
  const rows = await projecting.dump();
  const contenders: Record<string, () => Promise<Turn>> = {
    direct: () => projecting.direct(),
    copy: () => projecting.copy(),
    ...(shape && { kafka: () => projecting.throughKafka(shape) }),
  };
  for (const warmUp of Object.values(contenders).slice(1)) await warmUp();
  say(`S5: ${longRounds(rounds)} rounds of ${Object.keys(contenders).join(', ')}`);
  return { rows, ...await inRounds(longRounds(rounds), contenders) as { direct: Turn[]; copy: Turn[]; kafka?: Turn[] } };
};

const speedsOf = (turns: readonly Turn[]): number[] => turns.map(({ perSecond }) => perSecond);

const cpuOf = (turns: readonly Turn[]): string =>
  Object.keys(turns[0]!.cpu).map((name) => `${name} ${median(turns.map(({ cpu }) => cpu[name]!)).toFixed(1)} µs`).join(', ');

const run = async (bench: Bench): Promise<Figure[]> => {
  const { size: { replay: { accounts, events: wanted } }, say } = bench;
  const server = await startServer();
  let shape: Shape | undefined;
  let projecting: Projecting | undefined;
  try {
    say(`S5: writing a history of ${wanted.toLocaleString('en')} events`);
    await makeTables(server.url);
    const events = await seedHistory(server.url, { accounts, events: wanted, catalog: catalogOf(await catalogFile(), new Date().toISOString()) });
    shape = await startShape(server.url, bench);
    projecting = new Projecting(bench, server, events, await ServerCpu.of(server.url));
    const { rows, direct, copy, kafka } = await measure(projecting, shape, bench);
    const figureOf = (id: string, how: string, turns: readonly Turn[], target: number, notes: Figure['notes'] = {}): Figure => ({
      id, work: `project ${events.toLocaleString('en')} events of ${accounts.toLocaleString('en')} accounts into all read models, ${how}, against COPY of the same ${rows.toLocaleString('en')} rows`,
      unit: 'events/s', figure: median(speedsOf(turns)), floor: median(speedsOf(copy)), ratio: medianRatio(speedsOf(turns), speedsOf(copy)),
      target: { is: 'at least', ratio: target }, notes: { 'CPU of an event': cpuOf(turns), ...notes },
    });
    return [
      figureOf('S5 direct', 'from the log', direct, 0.35),
      ...(kafka ? [figureOf('S5 kafka', "from the relay's start to the last row, through a Kafka broker on the same cores", kafka, 0.25, {
        'all events were in the topic after': `${median(kafka.map(({ relayedPerSecond }) => events / relayedPerSecond!)).toFixed(1)} s, ${median(kafka.map(({ relayedPerSecond }) => relayedPerSecond!)).toFixed(0)} a second`,
      })] : []),
    ];
  } finally {
    await projecting?.stop();
    await shape?.relay.stop();
    await shape?.broker.stop();
    await server.stop();
  }
};

export const projecting: Scenario = { ids: ['S5'], run };
