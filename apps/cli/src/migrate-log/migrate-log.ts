import { reachEventLog, waitForDatabase } from '#libs/engine';
import { copyStreamMemory, LogSeal, PostgresEventLog, type EventLog } from '#libs/event-log';
import { Failure, interruptible } from '#libs/process';
import { readSettings } from '#libs/settings';
import { counted } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';
import { openBooks } from '../verify/database.js';
import { compareLogs } from './compare-logs.js';
import { copyLog } from './copy-log.js';

export interface MigrateOptions {
  /** PostgreSQL; the database of the settings when left out. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** PostgreSQL of the engine that will use the new log; the old one's when left out. */
  readonly database?: string | undefined;
  readonly unseal?: boolean | undefined;
}

const say = (line: string): void => { process.stderr.write(`meterbook: ${line}\n`); };
const tell = (line: string): void => { process.stdout.write(`${line}\n`); };

/** `meterbook migrate-log`: moves a log from PostgreSQL to another database or server, and proves that nothing was lost on the way. */
export const migrateLog = async ({ from, to, database, unseal = false }: MigrateOptions): Promise<void> => {
  if (unseal === (to !== undefined)) throw new Failure('One of --to and --unseal is needed: where the log goes, or that it stays.');
  const books = await openBooks(from === undefined ? readSettings(process.env) : { ...readSettings({}), databaseUrl: databaseUrl('--from', from) }, say, ['log.events']);
  const { signal, dispose } = interruptible();
  try {
    const seal = await LogSeal.open(books.url);
    try {
      if (to === undefined) {
        await seal.unseal();
        tell('The log is open again. What was copied of it is a copy from now on: do not run an engine on both.');
      } else await move({ seal, from: books.url, to, database, signal });
    } finally {
      await seal.close();
    }
  } finally {
    dispose();
    await books.close();
  }
};

interface Move {
  readonly seal: LogSeal;
  readonly from: string;
  readonly to: string;
  readonly database: string | undefined;
  readonly signal: AbortSignal;
}

const move = async ({ seal, from, to, database, signal }: Move): Promise<void> => {
  const isPostgres = /^postgres(?:ql)?:/.test(to);
  const [source, target] = [await PostgresEventLog.open(from), await openTarget(to, isPostgres)];
  try {
    if (source.id === target.id) throw new Failure('--from and --to are the same log.');
    await expectOurs(seal, target);
    await seal.seal();
    tell('The log is sealed: whatever engine works on it answers writes with 503, and loses none. (--unseal opens it again.)');
    await seal.begin(target.id);
    const total = Number(await source.end() ?? 0);
    await copy(seal, source, target, total, signal);
    const events = await compare(source, target, total, isPostgres, signal);
    const memory = await copyStreamMemory({ url: from, logId: source.id }, { url: memoryUrl({ from, to, database, isPostgres }), logId: target.id });
    await seal.moved(target.id);
    tell(`${counted(events, 'event')} copied and compared, byte by byte, with ${counted(memory.snapshots, 'snapshot')} and ${counted(memory.ids, 'remembered id')}.`);
    tell(nextSteps(isPostgres));
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
};

/** Before anything is sealed or written: events that are there were copied by an earlier run of this move, or the log is somebody else's. */
const expectOurs = async (seal: LogSeal, target: EventLog): Promise<void> => {
  if (await target.end() === undefined || await seal.hasBegun(target.id)) return;
  throw new Failure('The log to copy to has events that are not of this move. Copy into an empty one. Nothing was done: the old log is as it was.');
};

const openTarget = async (to: string, isPostgres: boolean): Promise<EventLog> => {
  if (isPostgres) {
    await waitForDatabase(databaseUrl('--to', to), say);
    return PostgresEventLog.open(to);
  }
  const { eventLog } = readSettings({ EVENT_LOG: 'eventstoredb', EVENTSTOREDB_URL: to });
  return reachEventLog({ databaseUrl: '', eventLog }, say);
};

const memoryUrl = ({ from, to, database, isPostgres }: Pick<Move, 'from' | 'to' | 'database'> & { readonly isPostgres: boolean }): string =>
  (database !== undefined ? databaseUrl('--database', database) : isPostgres ? to : from);

const copy = async (seal: LogSeal, source: EventLog, target: EventLog, total: number, signal: AbortSignal): Promise<void> => {
  const from = await seal.progress(target.id);
  if (from.events > 0) say(`going on after ${counted(from.events, 'event')} that were copied before`);
  await withBar('copy', total, from.events, (update) => copyLog({
    source, target, from,
    onPage: async (place) => {
      await seal.saveProgress(target.id, place);
      update(place.events);
      signal.throwIfAborted();
    },
  }));
};

const compare = (source: EventLog, target: EventLog, total: number, isPostgres: boolean, signal: AbortSignal): Promise<number> => withBar('compare', total, 0, (update) => {
  let done = 0;
  return compareLogs(source, target, isPostgres, (events) => {
    signal.throwIfAborted();
    update(done += events);
  });
});

const withBar = async <Result>(title: string, total: number, from: number, work: (update: (done: number) => void) => Promise<Result>): Promise<Result> => {
  const progress = startProgress({ title: title.padEnd(8), total });
  const update = (done: number): void => progress.update(done, `${counted(done, 'event')} of ${counted(total, 'event')}`);
  try {
    update(from);
    return await work(update);
  } finally {
    progress.end();
  }
};

const databaseUrl = (option: string, url: string): string => {
  if (/^postgres(?:ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new Failure(`${option} cannot be used: it is a URL such as postgres://user:password@host:5432/database.`);
};

const nextSteps = (isPostgres: boolean): string => `The old log stays sealed, as it is. Next:
  1. stop the engines on it
  2. ${isPostgres ? 'set DATABASE_URL to the new database' : 'set EVENT_LOG=eventstoredb and EVENTSTOREDB_URL'} for all processes
  3. run meterbook rebuild, which makes the read models from the new log, and start them`;
