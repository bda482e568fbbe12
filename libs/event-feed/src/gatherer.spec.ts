import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedEvent } from '#libs/event-log';
import { Gatherer } from './gatherer.js';

const batch = (...revisions: number[]): RecordedEvent[] =>
  revisions.map((revision) => ({ stream: 'account-a', revision, id: String(revision), type: 'Tested', body: '', position: String(revision) }));
const LONG = { most: 10, gatherMs: 60_000 };
const never = new AbortController().signal;

describe('Gatherer', () => {
  it('hands the first event after a pause on at once', async () => {
    const gatherer = new Gatherer(LONG, never);
    const taken = gatherer.take();
    await gatherer.put(batch(0));
    expect(await taken).toEqual(batch(0));
  });

  it('makes one batch of all that arrives while another is applied', async () => {
    const gatherer = new Gatherer({ most: 10, gatherMs: 20 }, never);
    await gatherer.put(batch(0));
    await gatherer.take();
    await gatherer.put(batch(1, 2));
    await gatherer.put(batch(3));
    expect(await gatherer.take()).toEqual(batch(1, 2, 3));
  });

  it('gathers no longer when somebody hurries, before or while it waits', async () => {
    const gatherer = new Gatherer(LONG, never);
    await gatherer.put(batch(0));
    await gatherer.take();
    gatherer.hurry();
    await gatherer.put(batch(1));
    expect(await gatherer.take()).toEqual(batch(1));
    await gatherer.put(batch(2));
    const taken = gatherer.take();
    gatherer.hurry();
    expect(await taken).toEqual(batch(2));
  });

  it('lets whoever brings too much wait, and gathers no longer then', async () => {
    const gatherer = new Gatherer({ ...LONG, most: 2 }, never);
    await gatherer.put(batch(0));
    await gatherer.take();
    let hasRoom = false;
    const put = (async () => {
      await gatherer.put(batch(1, 2, 3));
      hasRoom = true;
    })();
    await delay(5);
    expect(hasRoom).toBe(false);
    expect(await gatherer.take()).toEqual(batch(1, 2, 3));
    await put;
    expect(hasRoom).toBe(true);
  });

  it('hands on what came before a failure, then throws it', async () => {
    const gatherer = new Gatherer(LONG, never);
    await gatherer.put(batch(0));
    gatherer.fail(new Error('no log'));
    expect(await gatherer.take()).toEqual(batch(0));
    await expect(gatherer.take()).rejects.toThrow('no log');
  });

  it('lets everybody go at the abort', async () => {
    const stopping = new AbortController();
    const idle = new Gatherer(LONG, stopping.signal);
    const full = new Gatherer({ ...LONG, most: 1 }, stopping.signal);
    const [taken, put] = [idle.take(), full.put(batch(0))];
    stopping.abort();
    expect(await taken).toBeUndefined();
    await put;
  });
});
