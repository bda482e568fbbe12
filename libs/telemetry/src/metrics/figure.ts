import { Gauge, type Registry } from 'prom-client';
import { sharedAnswer } from '#libs/kernel';

/** What is asked for in one go for all figures of a scrape serves those that come soon after, too: anyone may scrape. */
const SAME_LOOK_MS = 1_000;

/** Figures that are read from one answer, when they are asked for. */
export class Figures<Answer> {
  private readonly look: () => Promise<Answer | undefined>;

  constructor(private readonly registry: Registry, ask: () => Promise<Answer>) {
    this.look = sharedAnswer(() => ask().catch(() => undefined), SAME_LOOK_MS, () => performance.now());
  }

  /** Metrics are looked at most when something is down: what cannot be told is NaN, and takes none of the others away. */
  add(name: string, help: string, read: (answer: Answer) => number): this {
    const { look } = this;
    this.registry.registerMetric(new Gauge({
      name, help, registers: [],
      async collect() {
        const answer = await look();
        this.set(answer === undefined ? Number.NaN : read(answer));
      },
    }));
    return this;
  }
}
