/** What this library needs of a logger; pino and console both fit. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}
