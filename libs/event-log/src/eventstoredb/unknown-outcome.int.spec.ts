import { setTimeout as delay } from 'node:timers/promises';
import type { AppendFault } from '../../../../test/support/eventstoredb/faults.js';
import { ServerDouble } from '../../../../test/support/eventstoredb/server-double.js';
import { RevisionConflict } from '../event-log.js';
import { aStream, collect, events, numbered, take } from '../testing/events.js';
import { EventStoreLog } from './event-store-log.js';

const UNAVAILABLE = { kind: 'unavailable', code: 'log_unavailable' };

describe('an append whose answer is lost', () => {
  let node: ServerDouble;
  let log: EventStoreLog;

  beforeEach(async () => {
    node = await ServerDouble.start({ writeTimeoutMs: 300 });
    log = await EventStoreLog.open(node.url);
  });

  afterEach(async () => {
    node.faults.thaw();
    await log.close();
    await node.stop();
  });

  const expectOnce = async (stream: string, written: readonly { id: string }[]): Promise<void> => {
    expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(written.map(({ id }) => id));
  };

  it.each<AppendFault>(['drop-before', 'drop-after', 'time-out-before', 'time-out-after', 'unanswered-before', 'unanswered-after'])('(%s) has its effect once, and the answer of what is stored', async (fault) => {
    const [stream, mine] = [aStream(), events(3)];
    await log.append(stream, events(2), -1);
    node.faults.appends.push(fault);
    const answer = await log.append(stream, mine, 1);
    const stored = await collect(log.read(stream, { from: 2 }));
    expect(stored.map(({ id }) => id)).toEqual(mine.map(({ id }) => id));
    expect(answer).toEqual({ revision: 4, position: stored.at(-1)?.position });
  });

  it('is looked for before it is called anything: found behind others, or refused because another one is there', async () => {
    const [missed, taken, other] = [aStream(), aStream(), await EventStoreLog.open(node.url)];
    const [mine, theirs] = [events(1), events(1)];
    node.faults.appends.push('unanswered-after', 'unanswered-before');
    const answers = [log.append(missed, mine, -1), log.append(taken, events(2), -1)];
    await delay(50);
    await Promise.all([other.append(missed, events(4), 0), other.append(taken, theirs, -1)]);
    const outcomes = await Promise.allSettled(answers);
    expect(outcomes).toMatchObject([{ value: { revision: 0 } }, { reason: new RevisionConflict(taken, -1, 0) }]);
    await expectOnce(taken, theirs);
    await other.close();
  });

  it('is waited for by whoever finds it in the way, as long as the disk takes, and called deleted by nobody', async () => {
    const [stream, mine, other] = [aStream(), events(1), await EventStoreLog.open(node.url)];
    await log.append(stream, events(1), -1);
    node.store.stopReplicating();
    const answer = log.append(stream, mine, 0);
    await delay(50);
    const refused = other.append(stream, events(1), 0).catch((error: unknown) => error);
    await delay(3_500); // longer than anything is waited for to be shown
    node.store.replicate();
    expect(await refused).toEqual(new RevisionConflict(stream, 0, 1));
    expect(await answer).toMatchObject({ revision: 1 });
    await other.close();
  }, 15_000);

  it('holds up no other one on the same connection', async () => {
    const [stuck, streams] = [aStream(), numbered(20, () => aStream())];
    node.faults.appends.push('unanswered-before');
    const answer = log.append(stuck, events(1), -1);
    for (let n = 0; n < 10; n += 1) {
      await Promise.all(streams.map((stream) => log.append(stream, events(1), n - 1)));
      await delay(20);
    }
    expect(await log.head(stuck)).toBe(-1);
    expect(await answer).toMatchObject({ revision: 0 });
  });

  it('that comes too late is nobody\'s any more', async () => {
    const [stream, mine] = [aStream(), events(2)];
    node.faults.answerAfterMs = 4_500;
    const answer = log.append(stream, mine, -1);
    await delay(4_200);
    node.faults.answerAfterMs = 0;
    expect(await answer).toMatchObject({ revision: 1 });
    await delay(500);
    await log.append(stream, events(1), 1);
    expect(await log.head(stream)).toBe(2);
  }, 15_000);

  it('is waited for until a server that looks once a second has given up on it, so that nothing else on its connection fails', async () => {
    const slow = await ServerDouble.start({ writeTimeoutMs: 3_300 });
    const [patient, stream, mine] = [await EventStoreLog.open(slow.url), aStream(), events(1)];
    const subscribed = take(patient, 1);
    slow.store.stopReplicating();
    const answer = patient.append(stream, mine, -1);
    await delay(3_600);
    slow.store.replicate();
    expect(await answer).toMatchObject({ revision: 0 });
    expect((await subscribed).map(({ id }) => id)).toEqual(mine.map(({ id }) => id));
    await patient.close();
    await slow.stop();
  }, 15_000);

  it('is not written twice by a server that has forgotten all ids', async () => {
    const [stream, mine] = [aStream(), events(2)];
    const first = await log.append(stream, mine, -1);
    await log.append(stream, events(1), 1);
    node.store.forget();
    expect(await log.append(stream, mine, -1)).toEqual(first);
    expect(await log.head(stream)).toBe(2);
  });

  it('waits for its replication, and is answered as soon as that goes on', async () => {
    const [stream, mine] = [aStream(), events(2)];
    node.store.stopReplicating();
    const answer = log.append(stream, mine, -1);
    await delay(800); // the server has timed out, and has dropped repeats of what it has not replicated
    node.store.replicate();
    expect(await answer).toMatchObject({ revision: 1 });
    await expectOnce(stream, mine);
  });

  it('is refused for what is not replicated only once that can be read', async () => {
    const [stream, theirs, other] = [aStream(), events(2), await EventStoreLog.open(node.url)];
    node.store.stopReplicating();
    const first = other.append(stream, theirs, -1);
    await delay(20);
    const refused = async (append: Promise<unknown>): Promise<void> => {
      await expect(append).rejects.toEqual(new RevisionConflict(stream, -1, 1));
      await expectOnce(stream, theirs);
    };
    const refusals = [refused(log.append(stream, events(1), -1)), refused(log.append(stream, [], -1))];
    await delay(100);
    node.store.replicate();
    await Promise.all([first, ...refusals]);
    await other.close();
  });

  it('does not hold up reads of a server that is in no cluster', async () => {
    const stream = aStream();
    const { position } = await log.append(stream, events(1), -1);
    node.store.stopReplicating();
    expect(await log.end()).toBe(position);
    expect(await collect(log.read(stream))).toHaveLength(1);
    expect(await log.head(stream)).toBe(0);
    node.store.replicate();
  });

  it('is unavailable, not refused, when a guard moved meanwhile: it may still be written', async () => {
    const [stream, guard, mine] = [aStream(), aStream('catalog'), events(1)];
    node.faults.appends.push('unanswered-before');
    const answer = log.append(stream, mine, -1, { guards: [{ stream: guard, revision: -1 }] });
    await delay(50);
    await log.append(guard, events(1), -1);
    await expect(answer).rejects.toMatchObject(UNAVAILABLE);
  });

  it('has its effect once, however often connections break under load', async () => {
    const faults: (AppendFault | 'drop-all')[] = ['drop-all', 'drop-after', 'time-out-after'];
    let acknowledged = 0;
    const goOn = (): void => {
      acknowledged += 1;
      if (acknowledged % 15 !== 0) return; // so that some get through between two breaks, however slow this machine is
      const fault = faults[(acknowledged / 15) % faults.length] as (typeof faults)[number];
      if (fault === 'drop-all') node.dropConnections();
      else node.faults.appends.push(fault);
    };
    const streams = await Promise.all(numbered(40, async () => {
      const [stream, mine] = [aStream(), numbered(25, () => events(2))];
      for (const [n, pair] of mine.entries()) {
        expect(await log.append(stream, pair, n * 2 - 1)).toMatchObject({ revision: n * 2 + 1 });
        goOn();
      }
      return { stream, written: mine.flat() };
    }));
    node.faults.appends.length = 0;
    for (const { stream, written } of streams) await expectOnce(stream, written);
  }, 60_000);
});
