import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Metrics } from '#libs/http';
import { Projections } from '#libs/read-models';

/** Tells Prometheus how far the read models are behind the log. */
@Injectable()
export class ProjectionLag implements OnModuleInit {
  constructor(private readonly projections: Projections, private readonly metrics: Metrics) {}

  onModuleInit(): void {
    const { projections } = this;
    this.metrics.add(new Gauge({
      name: 'meterbook_projection_lag_events', help: 'Events of the log that the read models have not applied.', registers: [],
      async collect() {
        // Metrics are looked at most when something is down: that one cannot be told takes none of the others away.
        const [status] = await projections.status().catch(() => []);
        this.set(status?.lag.events ?? Number.NaN);
      },
    }));
  }
}
