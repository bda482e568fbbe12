import { readdir, readFile } from 'node:fs/promises';
import { withClient } from './database.js';

/** The kernel counts CPU time in these, on every Linux that Node runs on. */
const TICK_MICROS = 10_000;

interface Times { readonly parent: number; readonly own: number; readonly withChildren: number }

/** @returns undefined where there is no such process, or no /proc */
const timesOf = async (pid: number): Promise<Times | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in brackets, and may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  if (!fields) return undefined;
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15) as [number, number, number, number];
  const own = (user + system) * TICK_MICROS;
  return { parent: fields[1]!, own, withChildren: own + (childrenUser + childrenSystem) * TICK_MICROS };
};

/** CPU time of processes so far, in microseconds; 0 where the system does not tell. */
export const cpuMicrosOf = async (pids: readonly number[]): Promise<number> => {
  const times = await Promise.all(pids.map(timesOf));
  return times.reduce((sum, one) => sum + (one?.own ?? 0), 0);
};

/** CPU time of a whole PostgreSQL server: its postmaster, the children it has, and those it had. */
export class ServerCpu {
  private constructor(private readonly postmaster: number | undefined) {}

  static async of(url: string): Promise<ServerCpu> {
    const backend = await withClient(url, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return timesOf(rows[0]!.pid);
    });
    return new ServerCpu(backend?.parent);
  }

  async micros(): Promise<number> {
    if (this.postmaster === undefined) return 0;
    const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
    const all = await Promise.all(pids.map(timesOf));
    const children = all.reduce((sum, one) => sum + (one !== undefined && one.parent === this.postmaster ? one.own : 0), 0);
    return children + ((await timesOf(this.postmaster))?.withChildren ?? 0);
  }
}
