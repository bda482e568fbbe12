import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import { findLeader, findMembers } from './discovery.js';
import { logClosed, logError, NotLeading, Unanswered, Undecided } from './faults.js';
import type { Address, ServerSettings } from './settings.js';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
/** However many callers try again, whatever nodes say of each other while there is an election. */
const OPEN_EVERY_MS = 100;

/** The one connection of this process to the log; a new one once that is lost. */
export class Connections {
  private current: Promise<Connection> | undefined;
  private leader: Address | undefined;
  /** Of a cluster, as far as they are known. */
  private nodes: readonly Address[];
  private isCluster: boolean;
  private isFirstsTurn = false;
  private openedAt = -Infinity;
  private readonly outage: Outage;
  private closed = false;

  /** @param patienceMs how long an outage is waited out. */
  constructor(private readonly settings: ServerSettings, private readonly patienceMs: number) {
    this.outage = new Outage(patienceMs);
    this.nodes = settings.seeds;
    this.isCluster = settings.isCluster;
  }

  /**
   * Works on a connection, again and on another one as often as the work goes {@link Unanswered}, so that the fall of a
   * node is waited out. Once the log has been away for longer, one attempt is all that is made.
   */
  async use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const beganAt = performance.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const result = await work(await this.get());
        this.outage.isOver();
        return result;
      } catch (error) {
        if (!(error instanceof Unanswered)) {
          this.outage.isOver(); // a refusal is an answer, too
          throw error;
        }
        const since = error instanceof Undecided ? beganAt : Math.min(beganAt, this.outage.goesOn());
        if (performance.now() + pause > since + this.patienceMs) throw logError(error);
      }
      await delay(pause);
    }
  }

  /** Those who find no connection share one attempt to open it, which may fail as {@link Unanswered}. */
  get(): Promise<Connection> {
    if (this.closed) return Promise.reject(logClosed());
    if (!this.current) {
      const opening: Promise<Connection> = this.open((fault) => {
        if (this.current !== opening) return;
        this.current = undefined;
        this.leader = fault instanceof NotLeading ? fault.leader : undefined;
      });
      this.current = opening;
    }
    return this.current;
  }

  async close(): Promise<void> {
    this.closed = true;
    const connection = await this.current?.catch(() => undefined);
    connection?.lose(logClosed());
  }

  private async open(forget: (fault: unknown) => void): Promise<Connection> {
    try {
      const pause = this.openedAt + OPEN_EVERY_MS - performance.now();
      if (pause > 0) await delay(pause);
      this.openedAt = performance.now();
      const isAlone = !this.isCluster && await this.lookAround();
      return await this.proven(await Connection.open(await this.target(), this.settings, !isAlone, forget));
    } catch (error) {
      forget(error);
      throw error;
    }
  }

  /**
   * A node that has just been elected answers reads already while its index still lacks events that were acknowledged; appends
   * it takes once it has all. Only then is there anything to be asked.
   */
  private async proven(connection: Connection): Promise<Connection> {
    try {
      await connection.prove();
      return connection;
    } catch (error) {
      connection.lose(error as Error);
      throw error;
    }
  }

  /** Whom the last node named as its leader is believed once. */
  private async target(): Promise<Address> {
    const named = this.leader;
    this.leader = undefined;
    if (named) return named;
    const [first] = this.nodes as readonly [Address, ...Address[]];
    if (this.settings.isCluster) return findLeader(this.nodes, this.settings);
    // The one that was named may be reached in a way that the cluster does not know of, and may not be the one to go to: by turns.
    this.isFirstsTurn = !this.isFirstsTurn;
    return this.isFirstsTurn || !this.isCluster ? first : findLeader(this.nodes, this.settings);
  }

  /**
   * Who names one node may mean the cluster that it is in, whose nodes change roles.
   * @returns whether it has said itself that it is alone. One that does not tell, or only begins to know others, may be replaced as leader.
   */
  private async lookAround(): Promise<boolean> {
    const members = await findMembers(this.nodes[0] as Address, this.settings) ?? [];
    if (members.length === 1) return members[0]?.leads === true;
    if (members.length > 1) {
      this.isCluster = true;
      this.nodes = [...this.nodes, ...members];
    }
    return false;
  }
}

/** Since when nothing has worked, as far as anybody has tried: a node that is there need not be one that leads. */
class Outage {
  private since: number | undefined;
  private lastSeen = 0;

  /** @param lapsesMs after this long without an attempt nothing is known any more. */
  constructor(private readonly lapsesMs: number) {}

  /** @returns since when */
  goesOn(): number {
    const now = performance.now();
    if (this.since === undefined || now - this.lastSeen > this.lapsesMs) this.since = now;
    this.lastSeen = now;
    return this.since;
  }

  isOver(): void {
    this.since = undefined;
  }
}
