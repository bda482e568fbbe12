import { ExitCode } from '../failure.js';

/**
 * Ctrl-C and SIGTERM: the first asks to finish what is under way and stop, the second stops at once.
 * @param onSecond what is said before that
 */
export const interruptible = (): { readonly signal: AbortSignal; readonly dispose: () => void } => {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: controller.signal, dispose: () => { process.off('SIGINT', stop).off('SIGTERM', stop); } };
};
