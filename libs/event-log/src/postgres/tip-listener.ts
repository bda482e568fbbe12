import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { ignored, openClient } from './database.js';
import type { Tip } from './tip.js';

/** Covers what a notification missed: one is lost when its connection breaks before it arrives. */
const POLL_MS = 2_000;
const LONGEST_RETRY_MS = 1_000;

/** Keeps a tip up to date with what other processes commit: told by the database at each commit, and asking it now and then. */
export class TipListener {
  private readonly stopped = new AbortController();
  private readonly done: Promise<void>;

  /** @param isOwn whether a session is this process's writer, whose commits the tip learns of with their events. */
  constructor(private readonly url: string, private readonly tip: Tip, private readonly isOwn: (pid: number) => boolean) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const client = await openClient(this.url, { application_name: 'meterbook log listener' });
        failures = 0;
        await this.listen(client).finally(() => { client.end().catch(ignored); });
      } catch {
        // Subscriptions go on from what they know; they learn of an outage from their own reads.
      }
      await delay(Math.min(50 * 2 ** failures, LONGEST_RETRY_MS), undefined, { signal }).catch(ignored);
    }
  }

  private async listen(client: Client): Promise<void> {
    client.on('notification', ({ processId, payload }) => { if (!this.isOwn(processId)) this.tip.advance(Number(payload)); });
    const lost = new AbortController();
    client.once('end', () => lost.abort());
    await client.query('LISTEN meterbook_log');
    const until = AbortSignal.any([this.stopped.signal, lost.signal]);
    while (!until.aborted) {
      // Asked first after LISTEN, so that nothing committed in between is missed.
      const { rows: [row] } = await client.query<{ tip: string }>('SELECT coalesce(max(position), 0) AS tip FROM log.events');
      this.tip.advance(Number(row?.tip));
      await delay(POLL_MS, undefined, { signal: until }).catch(ignored);
    }
  }
}
