import { readSettings } from '#libs/settings';
import { startEngine } from '../engine/engine.js';
import { packageVersion } from '../package-root.js';
import { interruptible } from '../terminal/interrupt.js';

const say = (line: string): void => { process.stderr.write(`meterbook: ${line}\n`); };

/** `meterbook start`: an engine until Ctrl-C. */
export const start = async (): Promise<void> => {
  const settings = readSettings(process.env);
  const { signal, dispose } = interruptible();
  say(`starting ${packageVersion()} with ${settings.databaseUrl === undefined ? `PostgreSQL in ${settings.dataDir}` : 'the database of DATABASE_URL'}…`);
  try {
    const engine = await startEngine(settings, { say });
    if (engine.tokenStoredIn !== undefined) process.stdout.write(`The operator token was made and stored in ${engine.tokenStoredIn}\n`);
    process.stdout.write(`Meterbook is ready at ${engine.url}\n`);
    await aborted(signal);
    say('finishing what is under way; Ctrl-C again stops at once');
    await engine.close();
  } finally {
    dispose();
  }
};

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
});
