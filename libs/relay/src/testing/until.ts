import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something holds, which is asked again and again. */
export const until = async (holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${holds.toString()}`);
    await delay(20);
  }
};
