import type { Appended } from '../event-log.js';
import { anEvent, numbered } from '../testing/events.js';
import type { AppendBatch, AppendRow } from './append-batch.js';
import { AppendQueue } from './append-queue.js';
import type { Committer } from './committer.js';

const tick = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** A database that answers when it is told to. */
class SlowDatabase {
  readonly batches: { size: number; answer: () => void }[] = [];
  readonly queue = new AppendQueue({ commit: (batch: AppendBatch) => this.commit(batch) } as unknown as Committer, () => undefined);

  append(stream: string, body = '{}'): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.queue.push({ stream, events: [anEvent(body)], expected: -1, guards: [], resolve, reject });
    });
  }

  get sizes(): number[] { return this.batches.map(({ size }) => size); }

  /** Answers the batches sent so far, and waits until their callers have gone on. */
  async answer(): Promise<void> {
    for (const { answer } of this.batches) answer();
    await tick();
    await tick();
  }

  private commit({ size }: AppendBatch): Promise<readonly AppendRow[]> {
    return new Promise((resolve) => { this.batches.push({ size, answer: () => resolve([['0', null, null, null]]) }); });
  }
}

describe('the append queue', () => {
  let database: SlowDatabase;
  let appended: Promise<Appended>[];
  const append = (count: number, prefix: string): void => { appended.push(...numbered(count, (n) => database.append(`${prefix}-${n}`))); };

  beforeEach(() => {
    [database, appended] = [new SlowDatabase(), []];
  });
  afterEach(async () => {
    for (let rounds = 0; rounds < 10; rounds += 1) await database.answer();
    await Promise.all(appended);
  });

  it('sends what one tick brings as one batch', async () => {
    append(20, 'a');
    await Promise.resolve();
    append(30, 'b');
    await tick();
    expect(database.sizes).toEqual([50]);
  });

  it('sends what came while a batch was under way as the next', async () => {
    append(1, 'a');
    await tick();
    for (const prefix of ['b', 'c', 'd']) { append(10, prefix); await tick(); }
    expect(database.sizes).toEqual([1]);
    await database.answer();
    expect(database.sizes).toEqual([1, 30]);
  });

  it('has a second batch at the database, once there is enough for one, and never a third', async () => {
    append(1, 'a');
    await tick();
    append(31, 'b');
    await tick();
    expect(database.sizes).toEqual([1]);
    append(1, 'c');
    expect(database.sizes).toEqual([1, 32]);
    append(100, 'd');
    await tick();
    expect(database.sizes).toEqual([1, 32]);
    await database.answer();
    expect(database.sizes).toEqual([1, 32, 100]);
  });

  it('adds to a stream once in a batch, in the order of the calls', async () => {
    appended.push(database.append('a'), database.append('a'), database.append('b'), database.append('a'));
    for (let rounds = 0; rounds < 3; rounds += 1) { await tick(); await database.answer(); }
    expect(database.sizes).toEqual([2, 1, 1]);
  });

  it('bounds a batch by count and by size, and lets one that is too large go alone', async () => {
    append(1_500, 'a');
    await tick();
    await database.answer();
    expect(database.sizes).toEqual([1_024, 476]);
    appended.push(...[3_000_000, 2_000_000, 5_000_000, 1_000].map((size) => database.append(`large-${size}`, 'x'.repeat(size))));
    for (let rounds = 0; rounds < 4; rounds += 1) { await tick(); await database.answer(); }
    expect(database.sizes.slice(2)).toEqual([2, 1, 1]);
  });
});
