import { Client } from 'pg';
import type { SealedEvent } from '#libs/kernel';
import { ForeignCheckpoint, PoisonEvent, StreamGap, type EventFeed } from '../event-feed.js';
import { replaceRows, Tally, type Applied } from './tally.js';

/** An event where a test wants it: repeats and holes are the test's to make. */
export type Published = Pick<SealedEvent, 'body'> & { readonly stream: string; readonly revision: number };

/** One empty source of events, as a log or a topic is. */
export interface FeedSource {
  /** A feed on it, as another process would have. */
  feed(): EventFeed;
  /** Puts events at its end exactly as they are. */
  publish(events: readonly Published[]): Promise<void>;
  close(): Promise<void>;
}

export interface FeedHarness {
  /** A database with the checkpoints' tables and {@link TALLY_TABLE}. */
  readonly url: string;
  source(): Promise<FeedSource>;
  close(): Promise<void>;
}

const event = (stream: string, revision: number, body = `${stream}@${revision}`): Published => ({ stream, revision, body });
const run = (stream: string, from: number, to: number): Published[] =>
  Array.from({ length: to - from + 1 }, (_, n) => event(stream, from + n));

/** What every adapter of the port has to do, for a consumer whose rows and checkpoint are in PostgreSQL. */
export const eventFeedContract = (name: string, open: () => Promise<FeedHarness>): void => describe(name, () => {
  let harness: FeedHarness;
  let source: FeedSource;
  let database: Client;
  let consumer: string;
  let started: { stop: () => Promise<unknown> }[] = [];
  let count = 0;

  beforeAll(async () => {
    harness = await open();
    database = new Client(harness.url);
    await database.connect();
  });

  afterAll(async () => {
    await database.end();
    await harness.close();
  });

  beforeEach(async () => {
    source = await harness.source();
    consumer = `tally-${count += 1}`;
  });

  afterEach(async () => {
    await Promise.all(started.map(({ stop }) => stop()));
    started = [];
    await source.close();
  });

  const engine = (prepare: (tally: Tally) => void = () => {}, feed: EventFeed = source.feed()) => {
    const tally = new Tally(consumer);
    prepare(tally);
    const stopping = new AbortController();
    const ended = feed.consume(tally, stopping.signal).then(() => undefined, (error: unknown) => error);
    const running = { tally, feed, ended, stop: () => { stopping.abort(); return ended; } };
    started.push(running);
    return running;
  };

  const applied = async (): Promise<Applied[]> => (await database.query<Applied>(
    'SELECT stream, revision, body FROM tally WHERE consumer = $1 ORDER BY place', [consumer],
  )).rows;
  const hasApplied = (events: number) => async (): Promise<boolean> => (await applied()).length >= events;
  /** Whether nothing that was published is left to apply. */
  const isThrough = (feed: EventFeed) => async (): Promise<boolean> => (await feed.lag(database, consumer)).events === 0;
  const ofStream = (rows: readonly Applied[], stream: string): number[] => rows.filter((row) => row.stream === stream).map(({ revision }) => revision);

  it('applies history and then what comes, each stream in its order', async () => {
    await source.publish([...run('account-a', 0, 2), ...run('account-b', 0, 1)]);
    const { tally } = engine();
    await tally.until(hasApplied(5));
    await source.publish([event('account-b', 2), event('account-a', 3)]);
    await tally.until(hasApplied(7));
    const rows = await applied();
    expect(ofStream(rows, 'account-a')).toEqual([0, 1, 2, 3]);
    expect(ofStream(rows, 'account-b')).toEqual([0, 1, 2]);
    expect(rows.every(({ stream, revision, body }) => body === `${stream}@${revision}`)).toBe(true);
  });

  it('passes over streams that are not wanted, and still gets past them', async () => {
    await source.publish(run('other-x', 0, 3));
    await source.publish([event('account-a', 0), event('other-x', 4)]);
    const { tally, feed } = engine();
    await tally.until(isThrough(feed));
    expect(await applied()).toHaveLength(1);
    expect(await feed.lag(database, consumer)).toEqual({ events: 0, atLeast: false, seconds: 0 });
  });

  it('applies nothing twice that is delivered twice', async () => {
    const { tally, feed } = engine();
    await source.publish(run('account-a', 0, 3));
    await tally.until(hasApplied(4));
    await source.publish([...run('account-a', 1, 3), ...run('account-a', 2, 5)]);
    await tally.until(hasApplied(6));
    await source.publish([event('account-a', 5), event('account-a', 6), event('account-a', 6)]);
    await tally.until(isThrough(feed));
    expect(ofStream(await applied(), 'account-a')).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('stops at a gap and applies nothing past it', async () => {
    const { tally, ended } = engine();
    await source.publish(run('account-a', 0, 1));
    await tally.until(hasApplied(2));
    await source.publish([event('account-a', 3)]);
    const error = await ended;
    expect(error).toBeInstanceOf(StreamGap);
    expect(error).toMatchObject({ stream: 'account-a', applied: 1, delivered: 3 });
    expect(tally.states.at(-1)).toEqual({ status: 'stopped', error });
    expect(ofStream(await applied(), 'account-a')).toEqual([0, 1]);
  });

  it('stops at an event that cannot be read, with all before it applied', async () => {
    await source.publish([...run('account-a', 0, 4), event('account-b', 0, 'poison'), ...run('account-a', 5, 6)]);
    const { tally, ended } = engine();
    const error = await ended;
    expect(error).toBeInstanceOf(PoisonEvent);
    expect(error).toMatchObject({ stream: 'account-b', revision: 0 });
    expect(tally.states.at(-1)?.status).toBe('stopped');
    expect(ofStream(await applied(), 'account-a')).toEqual([0, 1, 2, 3, 4]);
  });

  it('loses and repeats nothing when its connection breaks between effect and commit', async () => {
    await source.publish(run('account-a', 0, 9));
    let crashes = 0;
    const { tally } = engine((broken) => {
      broken.beforeCommit = async (tx) => {
        if ((crashes += 1) <= 2) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      };
    });
    await tally.until(hasApplied(10));
    expect(crashes).toBeGreaterThanOrEqual(3);
    expect(tally.states.map(({ status }) => status)).toContain('retrying');
    expect(ofStream(await applied(), 'account-a')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('rolls back what a faulty consumer wrote, tells it to forget, and stops', async () => {
    await source.publish(run('account-a', 0, 1));
    const { tally, feed, ended } = engine((broken) => { broken.beforeCommit = () => Promise.reject(new TypeError('a bug')); });
    expect(await ended).toEqual(new TypeError('a bug'));
    expect(tally.forgot).toBeGreaterThanOrEqual(2);
    expect(await applied()).toEqual([]);
    expect((await feed.lag(database, consumer)).events).toBe(2);
  });

  it('goes on from its checkpoint after a restart', async () => {
    await source.publish(run('account-a', 0, 5));
    const first = engine();
    await first.tally.until(hasApplied(6));
    await first.stop();
    await source.publish(run('account-a', 6, 7));
    const second = engine();
    await second.tally.until(hasApplied(8));
    expect(second.tally.given).toBe(2);
    expect(ofStream(await applied(), 'account-a')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('gives each event to one of two engines, and goes on when one ends', async () => {
    const streams = ['account-a', 'account-b', 'account-c', 'account-d'];
    const first = engine();
    await first.tally.untilStatus('live');
    const second = engine();
    await second.tally.until(() => second.tally.states.length > 0);
    await source.publish(streams.flatMap((stream) => run(stream, 0, 3)));
    await Promise.all([first, second].map(({ tally }) => tally.untilLater(hasApplied(16))));
    expect(first.tally.given + second.tally.given).toBe(16);
    await first.stop();
    await source.publish(streams.flatMap((stream) => run(stream, 4, 5)));
    await second.tally.until(hasApplied(24));
    for (const stream of streams) expect(ofStream(await applied(), stream)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('begins again from the checkpoint when somebody else has replaced its rows', async () => {
    const { tally } = engine();
    await source.publish(run('account-a', 0, 3));
    await tally.until(hasApplied(4));
    const forgot = tally.forgot;
    await replaceRows(database, consumer);
    await source.publish(run('account-a', 4, 5));
    await tally.until(hasApplied(6));
    expect(tally.forgot).toBeGreaterThan(forgot);
    expect(ofStream(await applied(), 'account-a')).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('refuses the checkpoint of another source', async () => {
    await source.publish(run('account-a', 0, 0));
    const first = engine();
    await first.tally.until(hasApplied(1));
    await first.stop();
    const elsewhere = await harness.source();
    const { ended } = engine(undefined, elsewhere.feed());
    expect(await ended).toBeInstanceOf(ForeignCheckpoint);
    await elsewhere.close();
  });

  it('counts what a consumer has not applied yet', async () => {
    await source.publish(run('account-a', 0, 2));
    const { tally, feed, stop } = engine();
    await tally.until(hasApplied(3));
    await stop();
    await source.publish(run('account-a', 3, 7));
    expect(await feed.lag(database, consumer)).toMatchObject({ events: 5, atLeast: false });
  });
});
