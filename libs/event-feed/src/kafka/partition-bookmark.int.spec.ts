import type { Client } from 'pg';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { Applier, CheckpointMoved } from '../applier.js';
import { registerCheckpoint } from '../checkpoint.js';
import { readNewestEvent } from '../newest-event.js';
import { dropPartitions, insertPartitions, isAtItsPosition, readPartitions, readProgress } from '../partitions.js';
import { closeSession, inTransaction, openSession } from '../session.js';
import { FEED_TABLES } from '../testing/feed-tables.js';
import { TALLY_TABLE, Tally } from '../testing/tally.js';
import type { DeliveredEvent } from './delivery.js';
import { PartitionBookmark } from './partition-bookmark.js';

const TOPIC = 'cluster/topic';
const CONSUMER = 'tally';

/** Of a stream for each partition; its revision is its offset. */
const event = (partition: number, offset: number): DeliveredEvent => ({
  stream: `account-${partition}`, revision: offset, partition, offset, id: crypto.randomUUID(), type: 'Tested', body: '',
  position: `${partition}-${String(offset).padStart(9, '0')}`,
});

describe('a place in each partition', () => {
  let database: TestDatabase;
  let sessions: Client[];

  beforeEach(async () => {
    database = await freshDatabase();
    sessions = await Promise.all([1, 2].map((n) => openSession(database.url, `engine ${n}`)));
    const [session] = sessions as [Client];
    await session.query(`${FEED_TABLES}; ${TALLY_TABLE}`);
    await registerCheckpoint(session, CONSUMER, 'log');
    await insertPartitions(session, CONSUMER, TOPIC, [0, 1].map((partition) => ({ partition, next: 0, position: '', events: 0, generation: 0 })));
  });

  afterEach(async () => {
    await Promise.all(sessions.map(closeSession));
    await database.drop();
  });

  const engine = async (at: number): Promise<Applier<DeliveredEvent>> => {
    const session = sessions[at] as Client;
    return new Applier(session, new Tally(CONSUMER), new PartitionBookmark(CONSUMER, TOPIC, await readPartitions(session, CONSUMER, TOPIC)));
  };
  const applied = async (): Promise<string[]> => (await (sessions[0] as Client).query<{ stream: string; revision: number }>('SELECT stream, revision FROM tally ORDER BY place'))
    .rows.map(({ stream, revision }) => `${stream}@${revision}`);

  it('moves with the effect, each by itself', async () => {
    const one = await engine(0);
    await one.apply([event(0, 0), event(1, 0), event(0, 1)]);
    await one.apply([event(1, 1)]);
    const places = await readPartitions(sessions[0] as Client, CONSUMER, TOPIC);
    expect([...places.values()].map(({ next, position, events }) => [next, position, events])).toEqual([[2, '0-000000001', 2], [2, '1-000000001', 2]]);
    expect(await readProgress(sessions[0] as Client, CONSUMER)).toEqual({ position: '1-000000001', events: 4 });
  });

  it('lets two apply different partitions side by side, and nobody what another has applied meanwhile', async () => {
    const [one, two] = [await engine(0), await engine(1)];
    await Promise.all([one.apply([event(0, 0)]), two.apply([event(1, 0)])]);
    await two.apply([event(1, 1)]);
    // Taken for dead, and still at work: its partition was given to another.
    await expect(one.apply([event(0, 1), event(1, 0)])).rejects.toBeInstanceOf(CheckpointMoved);
    expect(await applied()).toHaveLength(3);
    const again = await engine(0);
    await again.apply([event(0, 1)]);
    expect((await applied()).sort()).toEqual(['account-0@0', 'account-0@1', 'account-1@0', 'account-1@1']);
  });

  it('lets exactly one of two apply what was delivered to both at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const engines = [await engine(0), await engine(1)];
      const outcomes = await Promise.allSettled(engines.map((each) => each.apply([event(0, round), event(1, round)])));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
    expect(await applied()).toHaveLength(40);
  });

  it('is gone once the rows were replaced, and the log has to be read past what had come', async () => {
    const one = await engine(0);
    const session = sessions[1] as Client;
    expect(await isAtItsPosition(session, CONSUMER)).toBe(false);
    await one.apply([event(0, 0)]);
    await inTransaction(session, () => dropPartitions(session, CONSUMER));
    await expect(one.apply([event(0, 1)])).rejects.toBeInstanceOf(CheckpointMoved);
    expect(await isAtItsPosition(session, CONSUMER)).toBe(false);
    await session.query("UPDATE read.checkpoint SET position = '0-000000001'");
    expect(await isAtItsPosition(session, CONSUMER)).toBe(true);
  });

  it('remembers the event furthest in the log, also once it is gone', async () => {
    const [one, session, first] = [await engine(0), sessions[1] as Client, event(1, 1)];
    await one.apply([event(1, 0), first, event(0, 0)]);
    await one.apply([event(0, 1), event(0, 2)]); // of a partition that lies further back
    const { position, stream, revision, id } = first;
    expect(await readNewestEvent(session, CONSUMER)).toEqual({ position, stream, revision, id });
    await inTransaction(session, () => dropPartitions(session, CONSUMER));
    expect(await readNewestEvent(session, CONSUMER)).toEqual({ position, stream, revision, id });
  });

  it('means nothing in another topic', async () => {
    const session = sessions[0] as Client;
    expect((await readPartitions(session, CONSUMER, 'other/topic')).size).toBe(0);
    const one = new Applier(session, new Tally(CONSUMER), new PartitionBookmark(CONSUMER, 'other/topic', await readPartitions(session, CONSUMER, TOPIC)));
    await expect(one.apply([event(0, 0)])).rejects.toBeInstanceOf(CheckpointMoved);
  });
});
