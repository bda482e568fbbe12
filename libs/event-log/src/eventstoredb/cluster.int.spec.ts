import { setTimeout as delay } from 'node:timers/promises';
import { ServerDouble, type Member } from '../../../../test/support/eventstoredb/server-double.js';
import { StreamStore } from '../../../../test/support/eventstoredb/stream-store.js';
import { RevisionConflict } from '../event-log.js';
import { aStream, collect, events, numbered, take } from '../testing/events.js';
import { EventStoreLog } from './event-store-log.js';

/** Three nodes of one cluster: one leads, and the others say so. */
class Cluster {
  private leader = 0;
  private readonly stopped = new Set<number>();

  private constructor(readonly nodes: readonly ServerDouble[]) {
    const members = (): Member[] => nodes.map(({ address }, n) => ({ ...address, isLeader: n === this.leader, isAlive: !this.stopped.has(n) }));
    for (const node of nodes) node.members = members;
    this.lead(0);
  }

  static async start(): Promise<Cluster> {
    const store = new StreamStore();
    return new Cluster(await Promise.all(numbered(3, () => ServerDouble.start({ store, writeTimeoutMs: 300 }))));
  }

  get url(): string { return `esdb://${this.nodes.map(({ address }) => `${address.address}:${address.port}`).join(',')}?tls=false`; }

  /** How many there have been. */
  get connections(): number { return this.nodes.reduce((sum, node) => sum + node.connections, 0); }

  node(n: number): ServerDouble { return this.nodes[n] as ServerDouble; }

  /** From now on this node leads, and the others name it. */
  lead(leader: number): void {
    this.leader = leader;
    for (const [n, node] of this.nodes.entries()) node.faults.refusal = n === leader ? undefined : this.node(leader).address;
  }

  /** Some time goes by without a leader. */
  async elect(leader: number, afterMs: number): Promise<void> {
    this.stopped.add(this.leader);
    for (const node of this.nodes) node.faults.refusal = 'no-leader';
    await delay(afterMs);
    this.lead(leader);
  }

  async stop(): Promise<void> {
    for (const { faults } of this.nodes) faults.thaw();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

describe('a cluster', () => {
  let cluster: Cluster;
  let log: EventStoreLog;

  beforeEach(async () => {
    cluster = await Cluster.start();
    log = await EventStoreLog.open(cluster.url);
  });

  afterEach(async () => {
    await log.close();
    await cluster.stop();
  });

  /** Appends to many streams, one event after the other, until told to stop; gives what was acknowledged. */
  const writeUntil = (signal: AbortSignal): Promise<{ stream: string; ids: string[] }[]> => Promise.all(numbered(20, async () => {
    const [stream, ids] = [aStream(), [] as string[]];
    while (!signal.aborted) {
      const [event] = events(1);
      if (!event) continue;
      await log.append(stream, [event], ids.length - 1);
      ids.push(event.id);
    }
    return { stream, ids };
  }));

  const expectAllOnce = async (written: readonly { stream: string; ids: readonly string[] }[]): Promise<void> => {
    for (const { stream, ids } of written) expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(ids);
  };

  it('is worked on where it is led', async () => {
    const stream = aStream();
    await log.append(stream, events(2), -1);
    await expect(log.append(stream, [], 0)).rejects.toEqual(new RevisionConflict(stream, 0, 1));
    await log.append(stream, [], 1);
    expect(await log.head(stream)).toBe(1);
  });

  it('whose leader hands over, is followed to the next one, which the old one names', async () => {
    const stop = new AbortController();
    const written = writeUntil(stop.signal);
    for (const next of [1, 2, 0, 2]) {
      await delay(100);
      cluster.lead(next);
    }
    await delay(200);
    stop.abort();
    await expectAllOnce(await written);
  }, 20_000);

  it('that one server alone is named of is followed too, where that one tells who leads', async () => {
    const alone = await EventStoreLog.open(cluster.node(2).url);
    const stream = aStream();
    await alone.append(stream, events(1), -1);
    expect(await log.head(stream)).toBe(0);
    await alone.close();
  });

  it('that one server alone is named of is followed when that one is gone', async () => {
    const alone = await EventStoreLog.open(cluster.node(0).url);
    const stream = aStream();
    await alone.append(stream, events(1), -1);
    await cluster.node(0).stop();
    await cluster.elect(1, 300);
    await alone.append(stream, events(1), 0);
    await alone.close();
  }, 20_000);

  it.each(['no-leader', 'not-ready'] as const)('one of whose nodes was cut off from the others (%s), is worked on elsewhere as soon as that one says so', async (refusal) => {
    const stream = aStream();
    await log.append(stream, events(1), -1);
    cluster.lead(1);
    cluster.node(0).faults.refusal = refusal; // and names nobody, ever
    const startedAt = performance.now();
    expect(await log.head(stream)).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await log.append(stream, events(1), 0);
    expect((await collect(log.read(stream))).length).toBe(2);
  }, 20_000);

  it('one of whose nodes was cut off from the others, is not followed there by a subscription, though nothing ends it', async () => {
    const { position } = await log.append(aStream(), events(1), -1);
    const following = collect(log.subscribe({ after: position, signal: new AbortController().signal }));
    const failed = following.catch((error: unknown) => error);
    while (cluster.node(0).subscriptions === 0) await delay(10);
    cluster.lead(1);
    cluster.node(0).faults.refusal = 'no-leader';
    expect(await failed).toMatchObject({ kind: 'unavailable', code: 'log_unavailable' });
  }, 20_000);

  it('whose leader is killed, is waited for until another one leads', async () => {
    const stop = new AbortController();
    const written = writeUntil(stop.signal);
    await delay(100);
    await cluster.node(0).stop();
    await cluster.elect(1, 1_000);
    await delay(300);
    stop.abort();
    await expectAllOnce(await written);
  }, 20_000);

  it('whose leader freezes, is served by the next one: the frozen one is left after seconds, not when its connection dies', async () => {
    const stop = new AbortController();
    const written = writeUntil(stop.signal);
    await delay(100);
    cluster.node(0).faults.freeze();
    const frozenAt = performance.now();
    await cluster.elect(1, 500);
    cluster.node(0).faults.refusal = undefined; // it does not know
    const stream = aStream();
    await log.append(stream, events(1), -1);
    expect(performance.now() - frozenAt).toBeLessThan(8_000);
    stop.abort();
    await expectAllOnce(await written);
    cluster.node(0).faults.thaw();
    await log.append(stream, events(1), 0);
  }, 20_000);

  it('whose leader has lost its followers, confirms nothing that another one may have changed', async () => {
    const store = new StreamStore();
    const deposed = await ServerDouble.start({ store, writeTimeoutMs: 300 });
    deposed.members = () => [{ ...deposed.address, isLeader: true, isAlive: true }];
    const [{ address, port }, seed] = [deposed.address, cluster.node(2).address];
    const old = await EventStoreLog.open(`esdb://${address}:${port},${address}:${port}?tls=false`);
    const stream = aStream();
    await old.append(stream, events(1), -1);
    store.stopReplicating(); // it leads no more, and has not been told
    const confirmation = old.append(stream, [], 0);
    expect(await Promise.race([confirmation, delay(1_000, 'nothing')])).toBe('nothing');
    deposed.faults.refusal = seed; // now it has
    await expect(confirmation).rejects.toEqual(new RevisionConflict(stream, 0, -1)); // as the leader has it
    await old.close();
    await deposed.stop();
  }, 20_000);

  it.each([['several nodes', 2], ['one', 1]])('whose leader has lost its followers, is believed nothing that it does not show, where %s of its nodes are named: others may have written since', async (_, named) => {
    const [store, stream] = [new StreamStore(), aStream()];
    const deposed = await ServerDouble.start({ store, writeTimeoutMs: 300 });
    const [{ address, port }, seed] = [deposed.address, cluster.node(2).address];
    deposed.members = () => [{ ...deposed.address, isLeader: true, isAlive: true }, { ...seed, isLeader: false, isAlive: false }];
    const old = await EventStoreLog.open(`esdb://${Array(named).fill(`${address}:${port}`).join(',')}?tls=false`);
    store.stopReplicating();
    const { position } = await log.append(stream, events(2), -1); // where it is led now
    const reads = [old.end(), collect(old.read(stream)), collect(old.readAll())] as const;
    const subscribed = take(old, 2);
    expect(await Promise.race([...reads, subscribed, delay(1_000, 'nothing')])).toBe('nothing');
    deposed.faults.refusal = seed;
    const [end, ofStream, all] = await Promise.all(reads);
    expect(end).toBe(position);
    expect(ofStream).toHaveLength(2);
    expect(all.at(-1)?.position).toBe(position);
    expect(await subscribed).toEqual(all.slice(0, 2));
    await old.close();
    await deposed.stop();
  }, 20_000);

  it.each<[string, (node: ServerDouble) => void]>([
    ['does not answer', ({ faults }) => { faults.gossip = 'unanswered'; }],
    ['is denied to us', ({ faults }) => { faults.gossip = 'denied'; }],
    ['names nobody', (node) => { node.members = () => []; }],
    ['names itself, not leading yet', (node) => { node.members = () => [{ ...node.address, isLeader: false, isAlive: true }]; }],
  ])('is reckoned with behind one server, where its gossip %s, until it has said that it is alone', async (_, keepQuiet) => {
    const node = await ServerDouble.start({ writeTimeoutMs: 300 });
    const itself = node.members;
    keepQuiet(node);
    const alone = await EventStoreLog.open(node.url);
    node.store.stopReplicating(); // it leads no more, and has not been told
    const answers = [alone.head(aStream()), alone.end(), collect(alone.readAll())] as const;
    expect(await Promise.race([...answers, delay(1_000, 'nothing')])).toBe('nothing');
    node.faults.gossip = undefined;
    node.members = itself;
    node.dropConnections();
    expect(await Promise.all(answers)).toEqual([-1, undefined, []]);
    await alone.close();
    await node.stop();
  }, 20_000);

  it('is asked again who leads, where a read goes on over another connection', async () => {
    const [stream, { store }] = [aStream(), cluster.node(0)];
    await log.append(stream, events(1_300), -1);
    const sent = (): number => cluster.nodes.reduce((sum, { eventsSent }) => sum + eventsSent, 0);
    const before = sent();
    const reading = log.read(stream)[Symbol.asyncIterator]();
    let count = (await reading.next()).value?.length ?? 0;
    while (sent() < before + 1_200) await delay(10);
    await delay(300); // the next page is there; the last one is not asked for yet
    store.stopReplicating();
    for (const node of cluster.nodes) node.dropConnections();
    count += (await reading.next()).value?.length ?? 0;
    expect(count).toBe(1_200);
    const last = reading.next();
    expect(await Promise.race([last, delay(1_000, 'nothing')])).toBe('nothing');
    store.replicate();
    expect((await last).value).toHaveLength(100);
  }, 20_000);

  it('is opened by the word of its leader only: its identity may be another one by now', async () => {
    await log.close(); // it reads now and then
    const node = cluster.node(0);
    const { store, reads } = node;
    store.stopReplicating();
    const opening = EventStoreLog.open(cluster.url);
    expect(await Promise.race([opening, delay(1_000, 'nothing')])).toBe('nothing');
    expect(node.reads).toBe(reads); // which one that was just elected would answer, from an index that is behind
    store.replicate();
    const other = await opening;
    expect(other.id).toBe(log.id);
    await other.close();
  }, 20_000);

  it('whose nodes name each other by addresses that lead nowhere from here, is worked on at the one that is named', async () => {
    const node = cluster.node(0);
    node.members = () => [1, 2].map((port) => ({ address: '127.0.0.1', port, isLeader: port === 1, isAlive: true }));
    const alone = await EventStoreLog.open(node.url);
    const stream = aStream();
    for (const expected of [-1, 0, 1]) {
      await alone.append(stream, events(1), expected);
      node.dropConnections();
    }
    expect(await alone.head(stream)).toBe(2);
    await alone.close();
  }, 20_000);

  it('without a leader is spared a storm of connections, however many callers wait', async () => {
    for (const { faults } of cluster.nodes) faults.refusal = 'no-leader';
    const [before, startedAt, calls] = [cluster.connections, performance.now(), [] as Promise<unknown>[]];
    for (let n = 0; n < 150; n += 1) {
      calls.push(log.append(aStream(), events(1), -1));
      await delay(5);
    }
    const turns = 1 + (performance.now() - startedAt) / 100;
    expect(cluster.connections - before).toBeLessThanOrEqual(turns * (3 + 1)); // each node is asked who leads, then that one
    cluster.lead(0);
    await Promise.all(calls);
  }, 20_000);

  it('without a leader is unavailable', async () => {
    const other = await EventStoreLog.open(cluster.url, { patienceMs: 1_000 });
    for (const node of cluster.nodes) node.faults.refusal = 'no-leader';
    const outcomes = await Promise.allSettled([other.append(aStream(), events(1), -1), other.append(aStream(), [], -1), other.end()]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { kind: 'unavailable', code: 'log_unavailable' } });
    await other.close();
  }, 20_000);

  it.each(['not-ready', 'busy'] as const)('whose leader is %s, is asked again', async (refusal) => {
    const stream = aStream();
    cluster.node(0).faults.refusal = refusal;
    const calls = [log.append(stream, events(1), -1), log.head(aStream())];
    await delay(300);
    cluster.lead(0);
    await Promise.all(calls);
    expect(await log.head(stream)).toBe(0);
  });
});
