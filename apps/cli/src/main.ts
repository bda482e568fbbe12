#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ExitCode, report } from '#libs/process';
import { program } from './program.js';

try {
  await program().parseAsync();
} catch (error) {
  // Commander has said what was wrong with the arguments, or shown the help that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.failed;
  else process.exitCode = report(error);
}
// A command that failed may have left requests and timers behind; they keep the process no longer.
process.exit();
