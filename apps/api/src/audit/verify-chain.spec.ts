import { seal, type EventDefinition } from '#libs/kernel';
import type { EventLog, RecordedEvent } from '#libs/event-log';
import { verifyChain } from './verify-chain.js';

const NOTED = new Map([['Noted', { type: 'Noted', version: 1, upcast: {} } as unknown as EventDefinition]]);
const CAUSE = { actor: 'test', correlationId: 'c', causationId: 'c' };
const recordedAt = '2026-01-01T00:00:00.000Z';

const { events } = seal('account-a', { revision: -1, hash: null }, [1, 2, 3].map((note) => ({ type: 'Noted', data: { note }, recordedAt })), CAUSE, NOTED);
const stream: readonly RecordedEvent[] = events.map((event, revision) => ({ ...event, stream: 'account-a', revision, position: String(revision + 1) }));
const verdictOn = (changed: readonly RecordedEvent[]) => verifyChain({ async *read() { yield changed; } } as unknown as EventLog, 'account-a');
const with1 = (change: Partial<RecordedEvent>): RecordedEvent[] => stream.map((event) => (event.revision === 1 ? { ...event, ...change } : event));

describe('the hash chain of a stream', () => {
  it('holds over what was written', async () => {
    expect(await verdictOn(stream)).toEqual({ ok: true, events: 3, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('is followed a little at a time, so that commands have their turn', async () => {
    const { events: many } = seal('account-a', { revision: -1, hash: null }, Array.from({ length: 1_000 }, (_, note) => ({ type: 'Noted', data: { note }, recordedAt })), CAUSE, NOTED);
    let turns = 0;
    let watching = true;
    const watch = (): void => { turns += 1; if (watching) setImmediate(watch); };
    setImmediate(watch);
    const verdict = await verifyChain({
      async *read(_: string, { from = 0, limit = Infinity } = {}) {
        yield many.slice(from, from + limit).map((event, at) => ({ ...event, stream: 'account-a', revision: from + at, position: '0' }));
      },
    } as Partial<EventLog> as EventLog, 'account-a');
    watching = false;
    expect(verdict).toMatchObject({ ok: true, events: 1_000 });
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it('of nothing has no head', async () => {
    expect(await verdictOn([])).toEqual({ ok: true, events: 0, head: null });
  });

  it.each([
    ['changed', with1({ body: stream[1]!.body.replace('"note":2', '"note":9') }), 1, /^id \(the hash of its stored bytes\)/],
    ['called another type', with1({ type: 'Other' }), 1, /^id/],
    ['taken out', stream.filter(({ revision }) => revision !== 1), 2, /^revision is 2, not 1$/],
    ['put in the place of another', with1({ ...stream[0]!, revision: 1 }), 1, /^hash of the event before it/],
  ])('breaks where an event was %s', async (_, changed, revision, reason) => {
    expect(await verdictOn(changed)).toEqual({ ok: false, events: revision === 2 ? 1 : revision, revision, reason: expect.stringMatching(reason) });
  });
});
