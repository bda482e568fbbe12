import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Counter, Gauge, Histogram, Registry, type Metric } from 'prom-client';

/** As metrics name it. */
export const operationOf = ({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): string => routeOptions?.config.operation?.id ?? 'none';

/** What an operator watches. One registry for each application, so that two in one process do not mix. */
export class Metrics {
  readonly registry = new Registry();

  private readonly duration = new Histogram({
    name: 'meterbook_http_request_duration_seconds', help: 'Time from a request\'s headers to the end of its answer.',
    labelNames: ['operation', 'status'], registers: [this.registry],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });

  private readonly refusals = new Counter({
    name: 'meterbook_refusals_total', help: 'Answers that were problem documents, by code; items of usage batches included.', labelNames: ['operation', 'code'], registers: [this.registry],
  });

  private readonly commands = new Counter({
    name: 'meterbook_commands_total', help: 'Commands carried out (outcome done), or answered again (outcome repeated).', labelNames: ['command', 'outcome'], registers: [this.registry],
  });

  // A series is looked up by its labels only once; afterwards counting is an addition.
  private readonly commandSeries = new Map<string, Counter.Internal>();

  private readonly loopDelay = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    this.loopDelay.enable();
    // prom-client brings these and more, but its watch over garbage collection shows in the time of every request.
    this.figure('process_cpu_seconds_total', 'Processor time used.', () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6);
    this.figure('process_resident_memory_bytes', 'Memory in use.', () => process.memoryUsage.rss());
    this.figure('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
    this.figure('nodejs_eventloop_lag_p99_seconds', 'How late the event loop was since the last look, 99th percentile.', () => {
      const seconds = this.loopDelay.percentile(99) / 1e9;
      this.loopDelay.reset();
      return seconds;
    });
  }

  /** Takes the time of every request of an operation. */
  observe(server: FastifyInstance): void {
    const series = new Map<string, Histogram.Internal<'operation' | 'status'>>();
    server.addHook('onResponse', (request, reply, done) => {
      const id = operationOf(request);
      const key = `${id} ${reply.statusCode}`;
      let known = series.get(key);
      if (!known) series.set(key, (known = this.duration.labels(id, String(reply.statusCode))));
      known.observe(reply.elapsedTime / 1000);
      done();
    });
  }

  refused(operation: string, code: string): void {
    this.refusals.inc({ operation, code });
  }

  command(command: string, outcome: 'done' | 'repeated'): void {
    const key = `${command} ${outcome}`;
    let known = this.commandSeries.get(key);
    if (!known) this.commandSeries.set(key, (known = this.commands.labels(command, outcome)));
    known.inc();
  }

  /** A figure that is read when it is asked for. */
  private figure(name: string, help: string, read: () => number): void {
    this.add(new Gauge({ name, help, registers: [], collect() { this.set(read()); } }));
  }

  /** Adds a metric of another part of the engine. */
  add(metric: Metric): void {
    this.registry.registerMetric(metric);
  }
}
