import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import { findLeader } from './discovery.js';
import { logClosed, logError, Unanswered } from './faults.js';
import type { Address, ServerSettings } from './settings.js';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/** The one connection of this process to the log; a new one once that is lost. */
export class Connections {
  private current: Promise<Connection> | undefined;
  private leader: Address | undefined;
  private readonly outage: Outage;
  private closed = false;

  /** @param patienceMs how long an outage is waited out. */
  constructor(private readonly settings: ServerSettings, private readonly patienceMs: number) {
    this.outage = new Outage(patienceMs);
  }

  /**
   * Works on a connection, again and on another one as often as the work goes {@link Unanswered}, so that the fall of a
   * node is waited out. Once the log has been away for longer, one attempt is all that is made.
   */
  async use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const beganAt = performance.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await work(await this.get());
      } catch (error) {
        const since = Math.min(beganAt, this.outage.since ?? beganAt);
        if (!(error instanceof Unanswered) || performance.now() + pause > since + this.patienceMs) throw logError(error);
      }
      await delay(pause);
    }
  }

  /** Those who find no connection share one attempt to open it, which may fail as {@link Unanswered}. */
  get(): Promise<Connection> {
    if (this.closed) return Promise.reject(logClosed());
    this.current ??= this.open();
    return this.current;
  }

  async close(): Promise<void> {
    this.closed = true;
    const connection = await this.current?.catch(() => undefined);
    connection?.lose(logClosed());
  }

  private async open(): Promise<Connection> {
    const forget = (fault: unknown): void => {
      this.current = undefined;
      this.leader = fault instanceof Unanswered ? fault.leader : undefined;
    };
    try {
      const connection = await Connection.open(await this.target(), this.settings, forget);
      this.outage.isOver();
      return connection;
    } catch (error) {
      forget(error);
      this.outage.goesOn();
      throw error;
    }
  }

  /** Whom the last node named as its leader is believed once. */
  private async target(): Promise<Address> {
    const named = this.leader;
    this.leader = undefined;
    if (named) return named;
    return this.settings.isCluster ? findLeader(this.settings) : this.settings.seeds[0] as Address;
  }
}

/** Since when attempts to connect have failed, as far as anybody has tried. */
class Outage {
  since: number | undefined;
  private lastSeen = 0;

  /** @param lapsesMs after this long without an attempt nothing is known any more. */
  constructor(private readonly lapsesMs: number) {}

  goesOn(): void {
    const now = performance.now();
    if (this.since === undefined || now - this.lastSeen > this.lapsesMs) this.since = now;
    this.lastSeen = now;
  }

  isOver(): void {
    this.since = undefined;
  }
}
