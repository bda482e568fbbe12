import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

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

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'meterbook_' });
  }

  /** Takes the time of every request of an operation. */
  observe(server: FastifyInstance): void {
    // A series is looked up by its labels only once; afterwards counting is an addition.
    const series = new Map<string, Histogram.Internal<'operation' | 'status'>>();
    server.addHook('onResponse', (request, reply, done) => {
      const id = request.routeOptions.config.operation?.id ?? 'none';
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
    this.commands.inc({ command, outcome });
  }

  /** A figure that is read when it is asked for. */
  gauge(name: string, help: string, labelNames: readonly string[], read: (gauge: Gauge) => Promise<void>): void {
    new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry], async collect() { await read(this as Gauge); } });
  }
}
