import { BillingError } from '#libs/kernel';
import { StartError } from '#libs/postgres';
import { SettingsError } from '#libs/settings';
import { ExitCode, Failure } from './failure.js';

/** What the system says of files, in words. */
const FILES: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `There is no ${path}.`,
  EISDIR: () => 'What was named is a directory; a file is needed.',
  EACCES: (path) => `This user may not use ${path} (permission denied).`,
  EPERM: (path) => `This user may not use ${path} (permission denied).`,
  ENOSPC: (path) => `The disk is full (${path}).`,
};

/** What a person can mend, in one line; undefined for what is a fault of ours. */
const sentence = (error: unknown): string | undefined => {
  if (error instanceof Failure || error instanceof StartError || error instanceof SettingsError || error instanceof BillingError) return error.message;
  if (!(error instanceof Error)) return undefined;
  const { code = '', path = 'a file' } = error as NodeJS.ErrnoException;
  return FILES[code]?.(path);
};

/** Says why a command failed, and with what the process ends. */
export const report = (error: unknown): number => {
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('meterbook: stopped\n');
    return ExitCode.interrupted;
  }
  const line = sentence(error);
  process.stderr.write(line === undefined
    ? `meterbook: this is a fault of Meterbook's; please report it with what follows\n${error instanceof Error ? error.stack : String(error)}\n`
    : `meterbook: ${line.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return ExitCode.failed;
};
