import { pino, type Logger } from 'pino';

/** What an operator should look at goes to standard error, a line of JSON each. */
export const openLog = (): Logger => pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
