import type { LoadGenerator } from './load/load.js';
import type { Size } from './sizes.js';

/** A line of the table. */
export interface Figure {
  readonly id: string;
  readonly work: string;
  /** What was measured and its floor, in this unit. */
  readonly unit: string;
  readonly figure: number;
  readonly floor: number;
  /** Of the figure to its floor: the median of what each round gave, which is not the ratio of the medians. */
  readonly ratio: number;
  readonly target: { readonly is: 'at least' | 'at most'; readonly ratio: number };
  /** What belongs beside it: lag, latency, CPU. */
  readonly notes: Readonly<Record<string, string>>;
}

export const isMet = ({ ratio, target }: Figure): boolean => (target.is === 'at least' ? ratio >= target.ratio : ratio <= target.ratio);

/** What a scenario is given. */
export interface Bench {
  readonly size: Size;
  readonly load: LoadGenerator;
  /** Ids of the figures asked for. */
  readonly wanted: ReadonlySet<string>;
  /** Node's flags for the engine's process, such as `--cpu-prof`. */
  readonly engineFlags: readonly string[];
  /** Tells the person who waits what is going on. */
  readonly say: (what: string) => void;
}

export interface Scenario {
  readonly ids: readonly string[];
  run(bench: Bench): Promise<Figure[]>;
}
