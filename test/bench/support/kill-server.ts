import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Where the embedded server keeps its cluster, below the data directory. */
const PID_FILE = 'postgres/cluster/pgdata/postmaster.pid';

/** `kill -9` of the embedded PostgreSQL of a data directory, whoever started it. */
export const killServerOf = async (dataDir: string): Promise<void> => {
  const pid = Number((await readFile(path.join(dataDir, PID_FILE), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
};
