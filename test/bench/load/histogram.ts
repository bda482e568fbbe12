/** Buckets within each doubling of the value: a percentile is off by 1.6 % at most. */
const STEPS = 64;
const DOUBLINGS = 26;

/** Counts latencies in microseconds, up to about a minute, in constant memory and time. */
export class Histogram {
  private readonly counts = new Uint32Array(STEPS * DOUBLINGS);
  private total = 0;

  add(microseconds: number): void {
    this.counts[bucketOf(microseconds)]! += 1;
    this.total += 1;
  }

  get count(): number { return this.total; }

  /** The value that `percent` of all are at or below, in milliseconds; 0 of none. */
  percentileMs(percent: number): number {
    let missing = Math.ceil((this.total * percent) / 100);
    for (let bucket = 0; missing > 0 && bucket < this.counts.length; bucket += 1) {
      missing -= this.counts[bucket]!;
      if (missing <= 0) return topOf(bucket) / 1_000;
    }
    return 0;
  }
}

const bucketOf = (value: number): number => {
  if (value < STEPS) return Math.max(0, Math.floor(value));
  const doubling = Math.floor(Math.log2(value / STEPS));
  return Math.min(STEPS * DOUBLINGS - 1, STEPS * (doubling + 1) + Math.floor(value / 2 ** doubling - STEPS));
};

const topOf = (bucket: number): number => {
  if (bucket < STEPS) return bucket + 1;
  const doubling = Math.floor(bucket / STEPS) - 1;
  return (STEPS + (bucket % STEPS) + 1) * 2 ** doubling;
};
