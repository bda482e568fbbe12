import { spawnSync } from 'node:child_process';

/** Signals a process and its children, as a PostgreSQL server with one for each of its connections; those that end meanwhile are passed over. */
export const signalFamily = (parent, signal) => {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' });
  for (const pid of [parent, ...(stdout.match(/\d+/g) ?? []).map(Number)]) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
};
