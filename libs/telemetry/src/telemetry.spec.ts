import { pino } from 'pino';
import type { ClientBase } from 'pg';
import type { Consumer, EventFeed } from '#libs/event-feed';
import type { RecordedEvent, StreamLeases, StreamMemory } from '#libs/event-log';
import { Metrics } from '#libs/http';
import type { Projections } from '#libs/read-models';
import { backOff } from '../../event-log/src/testing/back-off.js';
import { anEvent, events } from '../../event-log/src/testing/events.js';
import { InMemoryEventLog, InMemoryStreamMemory } from '../../event-log/src/testing/in-memory.js';
import { Telemetry } from './telemetry.js';

const snapshot = { revision: 0, hash: 'h', version: 1, state: '{}' };
const someEvent = (revision: number): RecordedEvent => ({ ...anEvent(), stream: 'account-a', revision, position: String(revision) });

describe('metrics', () => {
  let telemetry: Telemetry;
  let lines: Record<string, unknown>[];

  beforeEach(() => {
    lines = [];
    const log = pino({ level: 'info' }, { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>); } });
    telemetry = new Telemetry({ metrics: new Metrics(), log });
  });

  const value = async (series: string): Promise<string | undefined> => {
    const text = await telemetry.metrics.registry.metrics();
    return text.split('\n').find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
  };
  const parts = { log: new InMemoryEventLog(), memory: new InMemoryStreamMemory() as StreamMemory, leases: backOff };

  describe('of the log', () => {
    it('tell appends from confirmations, and races from failures', async () => {
      const log = new InMemoryEventLog();
      const seen = telemetry.writing({ ...parts, log }).log;
      const first = seen.append('account-a', events(2), -1);
      expect(await value('meterbook_appends_waiting')).toBe('1');
      await first;
      await seen.append('account-a', [], 1);
      await expect(seen.append('account-a', events(1), 0)).rejects.toThrow('is at revision 1');
      await expect(seen.append('account-b', events(1), -1, { guards: [{ stream: 'catalog-c', revision: 4 }] })).rejects.toThrow('guard');
      await log.close();
      await expect(seen.append('account-b', events(1), -1)).rejects.toMatchObject({ code: 'log_unavailable' });
      const series = ['append",outcome="done', 'append",outcome="race_lost', 'append",outcome="failed', 'confirm",outcome="done', 'confirm",outcome="failed'];
      expect(await Promise.all(series.map((labels) => value(`meterbook_append_duration_seconds_count{kind="${labels}"}`)))).toEqual(['1', '2', '1', '1', '0']);
      expect([await value('meterbook_append_races_total{to="writer"}'), await value('meterbook_append_races_total{to="catalog"}')]).toEqual(['1', '1']);
      expect(await value('meterbook_appends_waiting')).toBe('0');
    });

    it('tell how many appends shared a commit', async () => {
      const onCommit = telemetry.onCommit();
      for (const appends of [1, 3, 300]) onCommit(appends);
      expect([await value('meterbook_append_batch_size_sum'), await value('meterbook_append_batch_size_bucket{le="4"}')]).toEqual(['304', '2']);
    });

    it('count snapshots, and those that could not be saved', async () => {
      let isFull = false;
      const full: StreamMemory = Object.assign(new InMemoryStreamMemory(), { save: () => (isFull ? Promise.reject(new Error('no room')) : Promise.resolve()) });
      const { memory } = telemetry.writing({ ...parts, memory: full });
      await memory.save('account-a', snapshot, [], -1);
      isFull = true;
      await expect(memory.save('account-a', snapshot, [], -1)).rejects.toThrow('no room');
      expect([await value('meterbook_snapshots_total{outcome="saved"}'), await value('meterbook_snapshots_total{outcome="failed"}')]).toEqual(['1', '1']);
    });

    it('tell turns that were had from those that were not', async () => {
      const answers = [() => undefined, undefined, undefined];
      const some: StreamLeases = { acquire: () => Promise.resolve(answers.shift()), close: () => Promise.resolve() };
      const { leases } = telemetry.writing({ ...parts, leases: some });
      for (let n = 0; n < 3; n += 1) await leases.acquire('account-a', 10);
      expect([await value('meterbook_lease_wait_seconds_count{outcome="held"}'), await value('meterbook_lease_wait_seconds_count{outcome="missed"}')]).toEqual(['1', '2']);
    });
  });

  describe('of read models', () => {
    const consumer: Consumer = {
      name: 'read-models', wants: () => true, applied: () => Promise.resolve(new Map()), apply: () => Promise.resolve(),
      committed: () => undefined, forget: () => undefined, observe: () => undefined,
    };
    /** Applies two events, rolls back one, and applies another; those that came twice are delivered too. */
    const feed: EventFeed = {
      hurry: () => undefined, lag: () => Promise.resolve({ events: 0, atLeast: false, seconds: 0 }),
      consume: async (seen) => {
        const tx = {} as ClientBase;
        seen.observe({ status: 'live' });
        await seen.apply(tx, [someEvent(0), someEvent(1)]);
        seen.committed([someEvent(0), someEvent(1)]);
        await seen.apply(tx, [someEvent(2)]);
        seen.forget();
        seen.observe({ status: 'retrying', error: new Error('away') });
        seen.observe({ status: 'live' });
        seen.observe({ status: 'live' });
        await seen.apply(tx, [someEvent(2)]);
        seen.committed([someEvent(1), someEvent(2)]);
      },
    };

    it('count what took effect, once', async () => {
      await telemetry.feed(feed).consume(consumer, new AbortController().signal);
      expect([await value('meterbook_projected_events_total'), await value('meterbook_projected_batches_total')]).toEqual(['3', '2']);
    });

    it('and their life is told, a line for each turn of it', async () => {
      await telemetry.feed(feed).consume(consumer, new AbortController().signal);
      expect(lines.map(({ msg, state }) => `${String(msg)} ${String(state)}`)).toEqual(['the projector live', 'the projector retrying', 'the projector live']);
      expect(lines.map(({ level }) => level)).toEqual([30, 30, 40]); // who was warned that it cannot go on reads that it does
    });

    it('ask once for all that a scrape shows of them, and show NaN for what cannot be told', async () => {
      let asked = 0;
      const building = { events: 250, total: 1_000, startedAt: '2026-11-21T10:00:00.000Z' };
      const recentStatus = (() => {
        asked += 1;
        return Promise.resolve([{ lag: { events: 7, atLeast: false, seconds: 1.5 }, building: undefined }, { lag: { events: 7, atLeast: false, seconds: 1.5 }, building }]);
      }) as unknown as Projections['recentStatus'];
      telemetry.projections({ recentStatus, condition: 'stopped' } as unknown as Projections);
      telemetry.relay({ status: () => Promise.reject(new Error('away')), condition: { state: 'retrying', error: new Error('away') } });
      const text = await telemetry.metrics.registry.metrics();
      expect(asked).toBe(1);
      expect(text).toMatch(/^meterbook_projection_lag_events 7$/m);
      expect(text).toMatch(/^meterbook_projection_lag_seconds 1.5$/m);
      expect(text).toMatch(/^meterbook_rebuild_events 250$/m);
      expect(text).toMatch(/^meterbook_rebuild_goal_events 1000$/m);
      expect(text).toMatch(/^meterbook_projector_stopped 1$/m);
      expect(text).toMatch(/^meterbook_relay_lag_events Nan$/m);
    });
  });

  it('of a relay tell that it has stopped, even where its lag shows nothing', async () => {
    const error = new Error('the log was restored from an older copy');
    const lag = { events: 0, atLeast: false, seconds: 0 };
    telemetry.relay({ condition: { state: 'stopped', error }, status: () => Promise.resolve({ state: 'stopped', error, position: '7', lag }) });
    expect([await value('meterbook_relay_stopped'), await value('meterbook_relay_lag_seconds')]).toEqual(['1', '0']);
  });

  it.each(['standby', 'starting', 'live', 'retrying'] as const)('of a relay that is %s tell that it has not stopped', async (state) => {
    telemetry.relay({ condition: { state, error: undefined }, status: () => Promise.reject(new Error('away')) });
    expect(await value('meterbook_relay_stopped')).toBe('0');
  });

  it('of a relay count what the brokers have, and its life is told', async () => {
    const { onSent, onState, onError } = telemetry.relayOptions('books');
    onState?.('live');
    onSent?.([someEvent(0), someEvent(1)], performance.now());
    onError?.(new Error('no leader'));
    expect([await value('meterbook_relayed_events_total'), await value('meterbook_relay_sends_total')]).toEqual(['2', '1']);
    expect(lines).toEqual([
      expect.objectContaining({ level: 30, state: 'live', topic: 'books', msg: 'the relay' }),
      expect.objectContaining({ level: 40, topic: 'books', err: expect.objectContaining({ message: 'no leader' }) as unknown }),
    ]);
  });
});
