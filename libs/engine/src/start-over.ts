import { setTimeout as sleep } from 'node:timers/promises';
import { isOutage } from '#libs/event-feed';
import { Failure } from '#libs/process';
import { PatienceMs, reasonOf, RetryMs, type Waiting } from './patience.js';

/**
 * Runs a start of several steps to its end. A server that goes away between two of them is no reason to give up: the start
 * begins again, as its first step waits for one that is not there yet: for as long from the first failure, and anew after a
 * start that took longer.
 * @param start leaves nothing behind when it fails
 * @throws Failure when it does not come back in time; what is no outage; the signal's reason
 */
export const startOver = async <Started>(start: () => Promise<Started>, { say, signal }: Pick<Waiting, 'say' | 'signal'>): Promise<Started> => {
  let giveUpAt: number | undefined;
  for (;;) {
    const beganAt = performance.now();
    try {
      signal?.throwIfAborted();
      return await start();
    } catch (error) {
      signal?.throwIfAborted();
      if (performance.now() - beganAt > PatienceMs) giveUpAt = undefined;
      giveUpAt ??= performance.now() + PatienceMs;
      if (error instanceof Failure || !isOutage(error)) throw error; // a Failure has waited already
      if (performance.now() > giveUpAt) throw new Failure(`Something it needs keeps going away during the start (${reasonOf(error)}).`, { cause: error });
      say(`Something it needs went away during the start (${reasonOf(error)}); starting over…`);
      await sleep(RetryMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
};
