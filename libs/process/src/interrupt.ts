import { ExitCode } from './failure.js';

/** npm passes on the Ctrl-C that the terminal has sent us already: what comes this soon after the first is the same one. */
const SameMs = 500;

/** Ctrl-C and SIGTERM: the first asks to finish what is under way and stop, the second stops at once. */
export const interruptible = (): { readonly signal: AbortSignal; readonly dispose: () => void } => {
  const controller = new AbortController();
  let askedAt = 0;
  const stop = (): void => {
    if (!controller.signal.aborted) {
      askedAt = performance.now();
      controller.abort();
    } else if (performance.now() - askedAt > SameMs) process.exit(ExitCode.interrupted);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: controller.signal, dispose: () => { process.off('SIGINT', stop).off('SIGTERM', stop); } };
};

/** Resolves at the abort. */
export const untilAborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
});
