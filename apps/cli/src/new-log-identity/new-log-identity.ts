import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { reachEventLog } from '#libs/engine';
import { IDENTITY_STREAM, renameLog, renameMemory, type Renamed } from '#libs/event-log';
import { Failure } from '#libs/process';
import { readSettings } from '#libs/settings';
import { openBooks } from '../verify/database.js';

export interface NewLogIdentityOptions {
  readonly yes?: boolean | undefined;
}

const say = (line: string): void => { process.stderr.write(`meterbook: ${line}\n`); };
const tell = (line: string): void => { process.stdout.write(`${line}\n`); };

/** `meterbook new-log-identity`: a log that was restored to an earlier time, or copied, is no longer taken for what it was. */
export const newLogIdentity = async ({ yes = false }: NewLogIdentityOptions): Promise<void> => {
  if (!yes) throw new Failure('Read models will stand still until they are rebuilt, and a relay will need another topic. Stop all processes of Meterbook, then run this again with --yes.');
  const settings = readSettings(process.env);
  const { eventLog } = settings;
  const database = await openBooks(settings, say, eventLog.kind === 'postgres' ? ['log.events'] : []);
  try {
    await refuseAtWork(database.url);
    const { before, now } = eventLog.kind === 'postgres' ? await renameLog(database.url) : await renameEventStore(database.url, eventLog);
    tell(`The log was ${before}, and is ${now} from now on. Set KAFKA_TOPIC to a new topic, where there is a relay; start the processes; then run meterbook rebuild. Until that is done the read models stand still.`);
  } finally {
    await database.close();
  }
};

/** The newest event of a stream of its own is what a log in EventStoreDB is called. Cut off after that, writers begin with empty memory, which costs time only. */
const renameEventStore = async (databaseUrl: string, eventLog: ReturnType<typeof readSettings>['eventLog']): Promise<Renamed> => {
  const log = await reachEventLog({ databaseUrl, eventLog }, say);
  try {
    const renamed = { before: log.id, now: randomUUID() };
    await log.append(IDENTITY_STREAM, [{ id: renamed.now, type: 'LogIdentified', body: '{}' }], await log.head(IDENTITY_STREAM));
    await renameMemory(databaseUrl, renamed);
    return renamed;
  } finally {
    await log.close();
  }
};

/** A process goes by the id that it found when it started. @throws Failure while one is connected that reads or projects */
const refuseAtWork = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows: [first] } = await client.query<{ name: string }>(
      "SELECT application_name AS name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'meterbook %' LIMIT 1",
    );
    if (first) throw new Failure(`Processes of Meterbook are still at work on this database (${first.name}): stop all of them first.`);
  } finally {
    await client.end();
  }
};
