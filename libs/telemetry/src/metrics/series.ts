import type { Counter } from 'prom-client';

/** A counter's series, looked up once, and there before it counts anything: what is absent cannot be told from zero by an alert. */
export const seriesFromZero = (counter: Counter, ...labels: string[]): Counter.Internal => {
  const series = counter.labels(...labels);
  series.inc(0);
  return series;
};
