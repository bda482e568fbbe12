import { interruptible, packageVersion, untilAborted } from '#libs/process';
import { readSettings, type Settings } from '#libs/settings';
import { startEngine } from '../engine/engine.js';

const say = (line: string): void => { process.stderr.write(`meterbook: ${line}\n`); };

/** `meterbook start`: an engine until Ctrl-C. */
export const start = async (): Promise<void> => {
  const settings = readSettings(process.env);
  const { signal, dispose } = interruptible();
  say(`starting ${packageVersion()} with ${shapeOf(settings)}…`);
  for (const remark of settings.remarks) say(remark);
  try {
    const engine = await startEngine(settings, { say, signal });
    if (engine.tokenStoredIn !== undefined) process.stdout.write(`The operator token is in ${engine.tokenStoredIn}\n`);
    process.stdout.write(`Meterbook is ready at ${engine.url}\n`);
    await untilAborted(signal);
    say('finishing what is under way; Ctrl-C again stops at once');
    await engine.close();
  } catch (error) {
    // Asked to stop while it waited at its start: there is nothing to finish.
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    dispose();
  }
};

const shapeOf = ({ databaseUrl, dataDir, eventLog, eventFeed }: Settings): string => [
  databaseUrl === undefined ? `PostgreSQL in ${dataDir}` : 'the database of DATABASE_URL',
  ...(eventLog.kind === 'eventstoredb' ? ['the event log of EVENTSTOREDB_URL'] : []), ...(eventFeed.kind === 'kafka' ? ['Kafka'] : []),
].join(', ');
