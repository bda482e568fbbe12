import { setTimeout as sleep } from 'node:timers/promises';
import { unlessAborted } from '#libs/kernel';
import { Failure } from '#libs/process';

/** A server that starts beside the engine is waited for. */
export const PatienceMs = 30_000;
export const RetryMs = 500;
/** After which somebody wonders. */
const SilentMs = 1_500;

export interface Waiting {
  /** As a sentence begins. */
  readonly what: string;
  /** The setting to look at. */
  readonly check: string;
  readonly isPassing: (error: unknown) => boolean;
  readonly say: (line: string) => void;
  /** Ends the wait: somebody wants the process to stop. */
  readonly signal?: AbortSignal | undefined;
}

/** Tries until it succeeds, for as long as waiting may help. @throws Failure, or the signal's reason */
export const patiently = async <Result>(attempt: () => Promise<Result>, { what, check, isPassing, say, signal = new AbortController().signal }: Waiting): Promise<Result> => {
  const giveUpAt = performance.now() + PatienceMs;
  const waiting = `Waiting for ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
  let reason = '';
  const wondering = setTimeout(() => say(`${waiting}${reason}…`), SilentMs);
  try {
    for (;;) {
      try {
        signal.throwIfAborted();
        return await unlessAborted(attempt(), signal); // one under way may last seconds yet
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Failure) throw error;
        reason = ` (${reasonOf(error)})`;
        if (!isPassing(error) || performance.now() > giveUpAt) throw new Failure(`${what} cannot be used${reason}; check ${check}.`, { cause: error });
        await sleep(RetryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  } finally {
    clearTimeout(wondering);
  }
};

/** What is at the bottom of it. */
export const reasonOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? error.errors[0] as unknown : error;
  if (!(first instanceof Error)) return String(first);
  if (first.cause instanceof Error) return reasonOf(first.cause);
  return first.message || String((first as NodeJS.ErrnoException).code);
};
