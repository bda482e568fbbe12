import cliProgress from 'cli-progress';

/** How far a long piece of work has got. */
export interface Progress {
  /** @param note what stands behind the bar: counts, for instance */
  update(done: number, note?: string): void;
  /** Says something without getting further: why nothing moves. */
  note(note: string): void;
  /** The bar stays as it is; what is printed next begins on a line of its own. */
  end(): void;
}

export interface ProgressOptions {
  readonly title: string;
  readonly total: number;
  /** Where it is shown; results go to standard output, so that they can be piped without it. */
  readonly out?: NodeJS.WriteStream;
}

/** Long enough that a log file stays readable, short enough that nobody thinks it hangs. */
const LineEveryMs = 5_000;

export const startProgress = ({ title, total, out = process.stderr }: ProgressOptions): Progress =>
  (out.isTTY ? bar(title, total, out) : lines(title, total, out));

const bar = (title: string, total: number, out: NodeJS.WriteStream): Progress => {
  const shown = new cliProgress.SingleBar({
    format: `${title} {bar} {percentage}% {note}`, stream: out, hideCursor: true, barsize: 30, fps: 10, gracefulExit: false,
  }, cliProgress.Presets.shades_classic);
  shown.start(Math.max(total, 1), 0, { note: '' });
  return {
    update: (done, note = '') => shown.update(done, { note }),
    note: (note) => shown.update({ note }),
    end: () => shown.stop(),
  };
};

const lines = (title: string, total: number, out: NodeJS.WriteStream): Progress => {
  let printedAt = performance.now();
  return {
    update: (done, note = '') => {
      const now = performance.now();
      if (now - printedAt < LineEveryMs) return;
      printedAt = now;
      out.write(`${title} ${Math.floor((100 * done) / Math.max(total, 1))}% ${note}\n`);
    },
    note: (note) => { if (note !== '') out.write(`${title}: ${note}\n`); },
    end: () => undefined,
  };
};
