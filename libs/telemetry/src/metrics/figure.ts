import { Gauge, type Registry } from 'prom-client';

/** What is asked for in one go for all figures of a scrape, and again for the next. */
const SAME_LOOK_MS = 250;

/** Figures that are read from one answer, when they are asked for. */
export class Figures<Answer> {
  private asked: { readonly at: number; readonly answer: Promise<Answer | undefined> } | undefined;

  constructor(private readonly registry: Registry, private readonly ask: () => Promise<Answer>) {}

  /** Metrics are looked at most when something is down: what cannot be told is NaN, and takes none of the others away. */
  add(name: string, help: string, read: (answer: Answer) => number): this {
    const look = (): Promise<Answer | undefined> => this.look();
    this.registry.registerMetric(new Gauge({
      name, help, registers: [],
      async collect() {
        const answer = await look();
        this.set(answer === undefined ? Number.NaN : read(answer));
      },
    }));
    return this;
  }

  private look(): Promise<Answer | undefined> {
    if (!this.asked || performance.now() - this.asked.at > SAME_LOOK_MS) this.asked = { at: performance.now(), answer: this.ask().catch(() => undefined) };
    return this.asked.answer;
  }
}
