import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from './start-error.js';

/** Whether the process may still be signalled; false when it is gone. */
export const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    throw error;
  }
};

/** Fast (ends sessions, writes a checkpoint), immediate (the next start replays the log), and what no process can ignore. */
const Steps = [['SIGINT', 20_000], ['SIGQUIT', 5_000], ['SIGKILL', 5_000]] as const;

/** Ends a postmaster, firmly if it must be. `gone` resolves when it has ended. */
export const shutDown = async (pid: number, gone: Promise<unknown>): Promise<void> => {
  for (const [name, patienceMs] of Steps) {
    if (!signal(pid, name)) return;
    const timer = new AbortController();
    const ended = await Promise.race([gone.then(() => true), sleep(patienceMs, false, { signal: timer.signal }).catch(() => false)]);
    timer.abort();
    if (ended) return;
  }
};
