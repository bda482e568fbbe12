import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import type { ExpiryScheduler, TraceOrder } from '#libs/commands';
import type { EventFeed, FeedState } from '#libs/event-feed';
import type { EventLog, StreamLeases, StreamMemory } from '#libs/event-log';
import { logRequests, type Metrics } from '#libs/http';
import type { Projections } from '#libs/read-models';
import type { Relay, RelayOptions, RelayState } from '#libs/relay';
import { batchSizes, MeteredLog } from './metrics/metered-log.js';
import { countApplied, countRelayed, meterProjections, meterRelay, meterScheduler } from './metrics/processes.js';
import { meterLeases, meterMemory } from './metrics/writers.js';
import { traceProjection, traceRelay } from './traces/events.js';
import { traceOrders } from './traces/orders.js';
import { traceRequests } from './traces/requests.js';
import { TracedLog } from './traces/traced-log.js';
import type { Tracing } from './traces/tracing.js';
import { WatchedFeed, type FeedWatcher } from './watched-feed.js';

export interface TelemetryParts {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Undefined: nobody wants traces. */
  readonly tracing?: Tracing | undefined;
}

/** What writers of accounts work with. */
export interface WritingParts {
  readonly log: EventLog;
  readonly memory: StreamMemory;
  readonly leases: StreamLeases;
}

/** What can be seen of an engine from outside: metrics always, traces and lines of its life where somebody wants them. It stands around the parts; they know nothing of it. */
export class Telemetry {
  readonly metrics: Metrics;
  readonly log: Logger;
  private readonly tracing: Tracing | undefined;

  constructor({ metrics, log, tracing }: TelemetryParts) {
    this.metrics = metrics;
    this.log = log;
    this.tracing = tracing;
  }

  /** Says which process this is, and of which version. */
  introduce(process: string, version: string): this {
    const info = new Gauge({ name: 'meterbook_info', help: 'Always 1; the labels tell which process this is, and of which version.', labelNames: ['process', 'version'], registers: [this.metrics.registry] });
    info.set({ process, version }, 1);
    return this;
  }

  /** Told of appends that share a commit. */
  onCommit(): (appends: number) => void {
    return batchSizes(this.metrics.registry);
  }

  /** What commands are written through. */
  writing({ log, memory, leases }: WritingParts): WritingParts {
    const { registry } = this.metrics;
    const metered = new MeteredLog(log, registry);
    return { log: this.tracing ? new TracedLog(metered, this.tracing) : metered, memory: meterMemory(memory, registry), leases: meterLeases(leases, registry) };
  }

  get traceOrder(): TraceOrder | undefined {
    return this.tracing && traceOrders(this.tracing);
  }

  /** Who looks at each request. */
  get requests(): ((server: FastifyInstance) => void)[] {
    return [...(this.tracing ? [traceRequests(this.tracing)] : []), logRequests(this.log)];
  }

  feed(feed: EventFeed): EventFeed {
    return new WatchedFeed(feed, [countApplied(this.metrics.registry), tellOfProjector(this.log), ...(this.tracing ? [traceProjection(this.tracing)] : [])]);
  }

  projections(projections: Projections): void {
    meterProjections(projections, this.metrics.registry);
  }

  /** What a relay to this topic is to tell. */
  relayOptions(topic: string): Pick<RelayOptions, 'onSent' | 'onState' | 'onError'> {
    const { log } = this;
    const count = countRelayed(this.metrics.registry);
    const tell = turnsOfLife(log, 'the relay');
    const trace = this.tracing && traceRelay(this.tracing, topic);
    return {
      onSent: (events, startedAt) => {
        count(events, startedAt);
        trace?.(events, startedAt);
      },
      onState: (state) => tell(state, { topic }),
      onError: (error) => log.warn({ err: error, topic }, 'the relay cannot go on'),
    };
  }

  relay(relay: Pick<Relay, 'status' | 'condition'>): void {
    meterRelay(relay, this.metrics.registry);
  }

  scheduler(scheduler: ExpiryScheduler): void {
    meterScheduler(scheduler, this.metrics.registry);
    this.log.info('the scheduler wakes accounts with something due');
  }
}

const tellOfProjector = (log: Logger): FeedWatcher => {
  const tell = turnsOfLife(log, 'the projector');
  return { observed: (consumer, { status }) => tell(status, { consumer }) };
};

/** A line for each turn of its life; why it cannot go on is told by whoever runs it, as a warning, and so is then that it does. */
const turnsOfLife = (log: Logger, who: string): ((state: RelayState | FeedState['status'], about: object) => void) => {
  let last: string | undefined;
  let isInTrouble = false;
  return (state, about) => {
    if (state === last) return;
    last = state;
    log[isInTrouble && state === 'live' ? 'warn' : 'info']({ state, ...about }, who);
    if (state === 'live') isInTrouble = false;
    else if (state === 'retrying' || state === 'stopped') isInTrouble = true;
  };
};
