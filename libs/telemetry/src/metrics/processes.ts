import { Counter, type Registry } from 'prom-client';
import type { ExpiryScheduler } from '#libs/commands';
import type { Projections } from '#libs/read-models';
import type { Relay, RelayOptions } from '#libs/relay';
import type { FeedWatcher } from '../watched-feed.js';
import { Figures } from './figure.js';

/**
 * How far the read models are behind, and a rebuild of them under way, in whichever process; and whether this one's
 * projector has stopped: behind a log that went back in time they have no lag.
 */
export const meterProjections = (projections: Pick<Projections, 'recentStatus' | 'condition'>, registry: Registry): void => {
  new Figures(registry, () => Promise.resolve(projections.condition))
    .add('meterbook_projector_stopped', '1 while this process refuses to apply events until somebody has mended what it says; 0 otherwise.', (condition) => Number(condition === 'stopped'));
  new Figures(registry, async () => {
    const all = await projections.recentStatus();
    const [{ lag }] = all as [(typeof all)[number]];
    return { lag, building: all.find(({ building }) => building)?.building };
  })
    .add('meterbook_projection_lag_events', 'Events of the log that the read models have not applied.', ({ lag }) => lag.events)
    .add('meterbook_projection_lag_seconds', 'How long the first of them has waited.', ({ lag }) => lag.seconds)
    .add('meterbook_rebuild_events', 'Events that the rebuild under way has read; 0 while there is none.', ({ building }) => building?.events ?? 0)
    .add('meterbook_rebuild_goal_events', 'Events that it has to read, as far as is known; 0 while there is none.', ({ building }) => building?.total ?? 0);
};

/** Counts what this process applies. */
export const countApplied = (registry: Registry): FeedWatcher => {
  const events = new Counter({ name: 'meterbook_projected_events_total', help: 'Events that this process has applied to the read models.', registers: [registry] });
  const batches = new Counter({ name: 'meterbook_projected_batches_total', help: 'Commits they were applied in.', registers: [registry] });
  return {
    applied: (_consumer, { length }) => {
      events.inc(length);
      batches.inc();
    },
  };
};

/** How far the topic is behind the log, whichever process relays, and whether this one's relay refuses to: its lag may be 0 then, in a log that went back in time. */
export const meterRelay = (relay: Pick<Relay, 'status' | 'condition'>, registry: Registry): void => {
  new Figures(registry, () => Promise.resolve(relay.condition))
    .add('meterbook_relay_stopped', '1 while this process refuses to relay until somebody has mended what it says; 0 otherwise.', ({ state }) => Number(state === 'stopped'));
  new Figures(registry, () => relay.status())
    .add('meterbook_relay_lag_events', 'Events of the log that are not in the topic.', ({ lag }) => lag.events)
    .add('meterbook_relay_lag_seconds', 'How long the first of them has waited.', ({ lag }) => lag.seconds);
};

/** Counts what this process sends. */
export const countRelayed = (registry: Registry): NonNullable<RelayOptions['onSent']> => {
  const events = new Counter({ name: 'meterbook_relayed_events_total', help: 'Events that this process has brought to the topic.', registers: [registry] });
  const sends = new Counter({ name: 'meterbook_relay_sends_total', help: 'Sends they were brought in.', registers: [registry] });
  return ({ length }) => {
    events.inc(length);
    sends.inc();
  };
};

export const meterScheduler = (scheduler: Pick<ExpiryScheduler, 'failing'>, registry: Registry): void => {
  new Figures(registry, () => Promise.resolve(scheduler.failing))
    .add('meterbook_scheduler_failing_seconds', 'How long accounts with something due could not be woken; 0 while they can.', ({ seconds }) => seconds);
};
