import { pino, type Logger } from 'pino';
import type { LogLevel } from '#libs/settings';

/** What is told of a process, a line of JSON each, on standard error. A line that is written is out: the last ones before an end matter most. */
export const openLog = (process: string, level: LogLevel): Logger => pino({ level, base: { process } }, pino.destination({ dest: 2, sync: true }));
