import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { closeSession, kafkaClient, openSession, openTopic } from '#libs/event-feed';
import { openEventStoreLog } from '#libs/event-log';
import { DoubleProcess } from '../../../test/support/eventstoredb/double-process.js';
import { startKafka, type KafkaBroker } from '../../../test/support/kafka.js';
import { Fenced, makePositionTable, SavedPosition } from './saved-position.js';
import { RelayProcess } from './testing/relay-process.js';
import { Site } from './testing/site.js';
import { until } from './testing/until.js';

jest.setTimeout(180_000);

describe('a relay under faults loses no event, and the order of none', () => {
  let broker: KafkaBroker;
  let site: Site;
  const processes: RelayProcess[] = [];
  beforeAll(async () => { broker = await startKafka(); });
  afterAll(async () => { await broker.stop(); });
  beforeEach(async () => { site = await Site.open(broker); });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((relaying) => relaying.kill()));
    await site.close();
  });

  const relayProcess = (): RelayProcess => {
    const relaying = new RelayProcess(site.databaseUrl, site.settings);
    processes.push(relaying);
    return relaying;
  };

  /** Writes until it is told to stop. */
  const load = (): { stop: () => Promise<void> } => {
    const over = new AbortController();
    const writing = (async () => {
      for (; !over.signal.aborted; await delay(50)) await site.write(100, 50);
    })();
    return { stop: () => { over.abort(); return writing; } };
  };

  it('killed under load, again and again', async () => {
    const writing = load();
    for (let round = 0; round < 4; round += 1) {
      const relaying = relayProcess();
      await relaying.untilState('live');
      await delay(100 + Math.random() * 400);
      await relaying.kill();
    }
    await writing.stop();
    relayProcess();
    const topic = await site.expectAll();
    expect(topic.messages.length).toBeGreaterThanOrEqual(topic.events);
  });

  it('of two one works, and the other takes over when that one is killed', async () => {
    const first = relayProcess();
    await first.untilState('live');
    const second = relayProcess();
    await second.untilState('standby');
    const writing = load();
    await delay(500);
    expect(second.states).not.toContain('live');
    await first.kill();
    await second.untilState('live');
    await writing.stop();
    await site.expectAll();
  });

  it('one that is frozen loses its turn; thawed, it harms nothing and waits for the next one', async () => {
    const first = relayProcess();
    await first.untilState('live');
    const second = relayProcess();
    await second.untilState('standby');
    const writing = load();
    await delay(300);
    first.freeze();
    await second.untilState('live');
    first.thaw();
    await first.untilState('standby');
    await writing.stop();
    await site.expectAll();
  });

  it('a broker that is killed in the middle of sends, and comes back', async () => {
    const { relay, states } = site.relay();
    await until(() => states.includes('live'));
    const writing = load();
    for (let round = 0; round < 2; round += 1) {
      await delay(300 + Math.random() * 300);
      await broker.kill();
      await until(() => states.at(-1) === 'retrying');
      await broker.restart();
      await until(() => states.at(-1) === 'live');
    }
    await writing.stop();
    await site.expectAll();
    expect((await relay.status()).error).toBeUndefined();
  });

  it('a broker that is frozen in the middle of sends', async () => {
    const { states } = site.relay();
    await until(() => states.includes('live'));
    const writing = load();
    await delay(300);
    broker.freeze();
    await delay(3_000); // shorter than any time-out: the send under way is answered late
    broker.thaw();
    await delay(300);
    broker.freeze();
    await until(() => states.at(-1) === 'retrying'); // longer than all of them: it is sent again, and the late one arrives too
    broker.thaw();
    await until(() => states.at(-1) === 'live');
    await writing.stop();
    await site.expectAll();
  });

  it('a database that cuts its connections', async () => {
    const [one, two] = [site.relay(), site.relay()];
    const live = (): string[] => [one, two].map(({ states }) => states.at(-1) ?? '').filter((state) => state === 'live');
    await until(() => live().length === 1);
    const writing = load();
    const database = new Client(site.databaseUrl);
    await database.connect();
    for (let round = 0; round < 5; round += 1) {
      await delay(200);
      await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'meterbook relay'");
    }
    await database.end();
    await writing.stop();
    await site.expectAll();
    await until(() => live().length === 1);
  });

  it('an EventStoreDB that is killed and comes back', async () => {
    const server = await DoubleProcess.start();
    const there = await Site.open(broker, () => openEventStoreLog({ url: server.url }));
    try {
      const { states } = there.relay();
      await until(() => states.includes('live'));
      for (let round = 0; round < 3; round += 1) {
        const writing = there.write(600, 20);
        await delay(50 + Math.random() * 100);
        await server.kill();
        await server.restart();
        await writing;
      }
      await there.expectAll();
    } finally {
      await there.close();
      await server.remove();
    }
  });

  it('who was taken over can no longer move the position', async () => {
    await site.write(4, 2);
    const topic = await openTopic(kafkaClient(site.settings), site.settings);
    const sessions = [await openSession(site.databaseUrl, 'first'), await openSession(site.databaseUrl, 'second')] as const;
    await makePositionTable(sessions[0]);
    const first = await SavedPosition.takeOver(sessions[0], topic, site.log);
    await first.save('0000000000000001', 1);
    const second = await SavedPosition.takeOver(sessions[1], topic, site.log);
    expect(second.position).toBeUndefined(); // nothing was ever sent to this topic, whatever was saved
    await second.save('0000000000000003', 3);
    await expect(first.save('0000000000000002', 1)).rejects.toBeInstanceOf(Fenced);
    await Promise.all(sessions.map(closeSession));
  });
});
