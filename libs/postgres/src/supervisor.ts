import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.js';
import type { Postmaster } from './postmaster.js';
import { shutDown } from './shut-down.js';
import { plainReason } from './start-error.js';

export type PostgresState =
  | { readonly status: 'ready' }
  | { readonly status: 'down'; readonly reason: string; readonly retryInMs: number };

/** The first try comes at once, nearly: processes of the old server need a moment to notice that it is gone. */
const ShortestDelayMs = 50;
/** A disk with room again, or a repaired file system, is found within this. */
const LongestDelayMs = 5_000;
/** A server that stayed up for this long starts the delays anew. One that takes connections only to fall over at the first write does not. */
const SettledMs = 30_000;

export class Supervisor {
  private readonly stopping = new AbortController();
  private readonly stopRequested = once(this.stopping.signal, 'abort');
  private readonly finished: Promise<void>;

  constructor(
    first: Postmaster,
    private readonly launch: () => Promise<Postmaster>,
    private readonly log: Log,
    private readonly onStateChange: (state: PostgresState) => void,
  ) {
    this.finished = this.watch(first);
  }

  /** Ends the server and waits until it has ended. */
  stop(): Promise<void> {
    this.stopping.abort();
    return this.finished;
  }

  private async watch(first: Postmaster): Promise<void> {
    let delayMs = ShortestDelayMs;
    for (let server: Postmaster | undefined = first; server; ) {
      const upSince = performance.now();
      const reason = await this.unlessStopped(server.ended);
      if (reason === undefined) return this.end(server);
      if (performance.now() - upSince >= SettledMs) delayMs = ShortestDelayMs;
      [server, delayMs] = await this.bringBack(reason, delayMs);
    }
  }

  /** Tries until the server runs again. No server: stopped meanwhile. */
  private async bringBack(firstReason: string, firstDelayMs: number): Promise<[Postmaster | undefined, number]> {
    let reason = firstReason;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, LongestDelayMs)) {
      this.log.warn(`PostgreSQL is down: ${reason}. Starting it again in ${delayMs} ms.`);
      this.onStateChange({ status: 'down', reason, retryInMs: delayMs });
      await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return [undefined, delayMs];
      try {
        const server = await this.launch();
        const ready = await this.unlessStopped(server.ready);
        if (ready === undefined) {
          await this.end(server);
          return [undefined, delayMs];
        }
        if (ready) {
          this.log.info('PostgreSQL is back.');
          this.onStateChange({ status: 'ready' });
          return [server, Math.min(2 * delayMs, LongestDelayMs)];
        }
        reason = await server.ended;
      } catch (error) {
        reason = plainReason(error);
      }
    }
  }

  private async unlessStopped<T>(outcome: Promise<T>): Promise<T | undefined> {
    return Promise.race([outcome, this.stopRequested.then(() => undefined)]);
  }

  private async end(server: Postmaster): Promise<void> {
    if (server.pid !== undefined) await shutDown(server.pid, server.ended);
  }
}
