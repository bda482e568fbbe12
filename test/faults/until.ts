import { setTimeout as pause } from 'node:timers/promises';

const ASK_AGAIN_MS = 100;

interface Waiting {
  readonly withinMs?: number;
  readonly otherwise?: () => string;
}

const nothing = (): string => '';

/** Waits until something is so. @throws with what was waited for, and what `otherwise` tells, when it is not in time */
export const until = async (what: string, isSo: () => boolean | Promise<boolean>, { withinMs = 240_000, otherwise = nothing }: Waiting = {}): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs / 1_000} s: ${what} ${otherwise()}`);
    await pause(ASK_AGAIN_MS);
  }
};
