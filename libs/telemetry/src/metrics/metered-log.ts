import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SealedEvent } from '#libs/kernel';
import { RevisionConflict, StaleGuard, type AppendOptions, type Appended, type EventLog } from '#libs/event-log';
import { ForwardingLog } from '../forwarding-log.js';
import { seriesFromZero } from './series.js';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Takes the time of appends. It stands in the way of each: series are looked up once, and nothing is made but a closure. */
export class MeteredLog extends ForwardingLog {
  private waiting = 0;
  private readonly appends;
  private readonly confirmations;
  private readonly lostToWriter;
  private readonly lostToCatalog;

  constructor(log: EventLog, registry: Registry) {
    super(log);
    const duration = new Histogram({
      name: 'meterbook_append_duration_seconds', help: 'Time from an append to the log\'s answer. kind confirm: nothing to append, only whether the account still stands where it was.',
      labelNames: ['kind', 'outcome'], buckets: SECONDS, registers: [registry],
    });
    const series = (kind: string, outcome: string): Histogram.Internal<string> => {
      duration.zero({ kind, outcome });
      return duration.labels(kind, outcome);
    };
    const seriesOf = (kind: string) => ({ done: series(kind, 'done'), race: series(kind, 'race_lost'), failed: series(kind, 'failed') });
    this.appends = seriesOf('append');
    this.confirmations = seriesOf('confirm');
    const races = new Counter({
      name: 'meterbook_append_races_total', help: 'Appends that were decided again: another process had written to the account (to writer), or the catalog had changed (to catalog).',
      labelNames: ['to'], registers: [registry],
    });
    this.lostToWriter = seriesFromZero(races, 'writer');
    this.lostToCatalog = seriesFromZero(races, 'catalog');
    const waiting = (): number => this.waiting;
    registry.registerMetric(new Gauge({ name: 'meterbook_appends_waiting', help: 'Appends that the log has not answered yet.', registers: [], collect() { this.set(waiting()); } }));
  }

  override append(stream: string, events: readonly SealedEvent[], expected: number, options?: AppendOptions): Promise<Appended> {
    const startedAt = performance.now();
    const series = events.length === 0 ? this.confirmations : this.appends;
    this.waiting += 1;
    const answer = super.append(stream, events, expected, options);
    answer.then(
      () => this.answered(series.done, startedAt),
      (error: unknown) => this.answered(this.isRace(error) ? series.race : series.failed, startedAt),
    );
    return answer;
  }

  private answered(series: Histogram.Internal<string>, startedAt: number): void {
    this.waiting -= 1;
    series.observe((performance.now() - startedAt) / 1_000);
  }

  private isRace(error: unknown): boolean {
    if (error instanceof RevisionConflict) this.lostToWriter.inc();
    else if (error instanceof StaleGuard) this.lostToCatalog.inc();
    else return false;
    return true;
  }
}

/** Told how many appends each commit carried. */
export const batchSizes = (registry: Registry): ((appends: number) => void) => {
  const sizes = new Histogram({
    name: 'meterbook_append_batch_size', help: 'Appends that shared a commit (PostgreSQL; EventStoreDB takes each by itself).',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024], registers: [registry],
  }).labels();
  return (appends) => sizes.observe(appends);
};
