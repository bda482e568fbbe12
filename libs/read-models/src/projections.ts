import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { BillingError, sharedAnswer, type Instant } from '#libs/kernel';
import { readProgress, type EventFeed, type FeedState, type Lag } from '#libs/event-feed';
import type { EventLog } from '#libs/event-log';
import type { ReadModelName } from './folding/read-model.js';
import { LIVE, Projector } from './projector/projector.js';
import { projectionBehind, Waiters } from './projector/waiters.js';
import { answered } from './querying/answered.js';
import { READ_MODELS, readModelNames } from './read-models.js';
import { NEXT, type Progress } from './rebuild/copy-tables.js';
import { rebuild } from './rebuild/rebuild.js';
import { REBUILD_RUNS } from './rebuild/turn.js';

/** How soon a projector that has stopped notices that read models were rebuilt. */
const LOOK_AGAIN_MS = 1_000;
/** A projector that has stopped tries again so often: what looked like a fault for good may have passed, as a login that was refused for a moment. */
const TRY_AGAIN_MS = 60_000;
/** How old the answer to a probe may be. */
const RECENT_MS = 1_000;

/** One read model, and how it is. */
export interface ProjectionStatus {
  readonly name: ReadModelName;
  readonly version: number;
  /** Its rows were made by another version and have to be rebuilt. */
  readonly outdated: boolean;
  /** In the log; opaque. The furthest event applied: where a topic feeds them, others before it may be still to come. */
  readonly position: string;
  /** Events that were brought to it, those that came twice counted twice. */
  readonly events: number;
  readonly lag: Lag;
  /** Of this process: `standby` where another one applies. */
  readonly state: Projections['condition'];
  /** Why it is not live. */
  readonly error: string | undefined;
  /** A rebuild under way, in whichever process. */
  readonly building: (Progress & { readonly startedAt: Instant }) | undefined;
}

/** Each name, or all read models in one go. */
export type Rebuildable = ReadModelName | 'all';

export interface ProjectionsParts {
  readonly url: string;
  readonly log: EventLog;
  readonly feed: EventFeed;
  readonly pool: Pool;
  /** False: other processes apply the events. */
  readonly projects?: boolean;
  readonly onError: (error: unknown) => void;
  readonly tryAgainMs?: number;
}

/** The read models as a whole: kept up to date, waited for, looked at, rebuilt. */
@Injectable()
export class Projections {
  private readonly waiters: Waiters;
  private stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private lastBuilt: number | undefined;
  private state: FeedState | { readonly status: 'starting' } = { status: 'starting' };

  constructor(private readonly parts: ProjectionsParts) {
    this.waiters = new Waiters({ applied: (accountIds) => this.appliedRevisions(accountIds), hurry: () => parts.feed.hurry() });
  }

  /** Starts where this process is one of those that apply. */
  begin(): void {
    if (this.parts.projects ?? true) this.start();
    else this.state = { status: 'standby' };
  }

  /** Applies what the log brings from now on, unless another process does. */
  start(): void {
    this.stopping = new AbortController();
    this.running = this.run(this.stopping.signal);
  }

  /** Resolves when the batch under way is done. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /**
   * Resolves when balance, transactions and usage log have applied this revision of an account.
   * @throws unavailable/projection_behind when that takes longer
   */
  async waitFor(accountId: string, revision: number, timeoutMs: number): Promise<void> {
    try {
      await this.waiters.waitFor(accountId, revision, timeoutMs);
    } catch (error) {
      if (this.state.status !== 'stopped') throw error;
      // Asking again does not help, and whoever asks should not have to look elsewhere for why.
      throw new BillingError('unavailable', 'projection_behind', { detail: `the read models have stopped: ${messageOf(this.state.error)}` });
    }
  }

  /**
   * What to throw where the rows lack a revision that was waited for: their database went back in time (a fail-over to a
   * replica that lagged, an older copy). From now on it is asked how far the account is there.
   */
  wentBack(accountId: string, revision: number): BillingError {
    this.waiters.forget(accountId);
    return projectionBehind(accountId, revision);
  }

  /**
   * Builds a read model anew from the log beside the live one, and the one it is made from with it, then switches.
   * Queries go on all the while.
   * @throws conflict/state_conflict while another rebuild runs
   */
  async rebuild(name: Rebuildable, onProgress?: (progress: Progress) => void, signal?: AbortSignal): Promise<void> {
    const { url, log } = this.parts;
    await rebuild({ url, log, names: name === 'all' ? readModelNames : [name], onProgress, signal });
  }

  /** How the projector of this process is; `standby` where it has none. */
  get condition(): FeedState['status'] | 'starting' {
    return this.state.status;
  }

  /** Of all read models, in a fixed order. */
  async status(): Promise<ProjectionStatus[]> {
    return answered(async () => {
      const { pool, feed } = this.parts;
      const { position, events } = await readProgress(pool, LIVE);
      const [lag, versions, building] = await Promise.all([feed.lag(pool, LIVE), this.versions(), this.building()]);
      const { state } = this;
      return readModelNames.map((name) => ({
        name, version: READ_MODELS[name].version, outdated: (versions.get(name) ?? 0) !== READ_MODELS[name].version,
        position, events, lag,
        state: state.status, error: 'error' in state ? messageOf(state.error) : undefined,
        building: building?.names.includes(name) ? building.progress : undefined,
      }));
    });
  }

  /** As `status`, at most a second old and found once for all who ask meanwhile: for probes and scrapes, since it reads the log and asks the brokers. */
  readonly recentStatus = sharedAnswer(() => this.status(), RECENT_MS, () => performance.now());

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const projector = new Projector({
        onApplied: (events) => this.waiters.applied(events),
        onState: (state) => {
          this.state = state;
          if ('error' in state) this.parts.onError(state.error);
        },
      });
      await this.parts.feed.consume(projector, signal).catch(() => this.untilMended(signal)); // told by onState
    }
  }

  /** What stopped it may be mended by a rebuild, in whichever process, or by nothing but time. */
  private async untilMended(signal: AbortSignal): Promise<void> {
    const before = await this.builtAt();
    const until = performance.now() + (this.parts.tryAgainMs ?? TRY_AGAIN_MS);
    while (!signal.aborted && performance.now() < until && (await this.builtAt()) === before) {
      await delay(Math.min(LOOK_AGAIN_MS, Math.max(0, until - performance.now())), undefined, { signal }).catch(() => undefined);
    }
  }

  /** When read models were last rebuilt; unchanged, as far as is known, while the database does not answer. */
  private async builtAt(): Promise<number | undefined> {
    try {
      const { rows: [row] } = await this.parts.pool.query<{ last: Date | null }>('SELECT max(built_at) AS last FROM read.projection');
      this.lastBuilt = row?.last?.getTime();
    } catch {
      // asked again soon
    }
    return this.lastBuilt;
  }

  private async appliedRevisions(accountIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.parts.pool.query<{ account_id: string; revision: number }>({
      name: 'applied', text: 'SELECT account_id, revision FROM unnest($1::text[]) AS wanted (account_id) JOIN read.balance USING (account_id)', values: [accountIds],
    });
    return new Map(rows.map(({ account_id: accountId, revision }) => [accountId, revision]));
  }

  private async versions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.parts.pool.query<{ name: string; version: number }>('SELECT name, version FROM read.projection');
    return new Map(rows.map(({ name, version }) => [name, version]));
  }

  private async building(): Promise<{ readonly names: readonly string[]; readonly progress: NonNullable<ProjectionStatus['building']> } | undefined> {
    const { pool } = this.parts;
    const { rows: [asked] } = await pool.query<{ runs: boolean }>(`SELECT ${REBUILD_RUNS} AS runs, to_regclass('${NEXT}.progress') IS NOT NULL AS made`);
    if (!asked?.runs) return undefined;
    try {
      const { rows: [row] } = await pool.query<{ names: string[]; events: string; total: string; started_at: Date }>(`SELECT names, events, total, started_at FROM ${NEXT}.progress`);
      return row && { names: row.names, progress: { events: Number(row.events), total: Number(row.total), startedAt: row.started_at.toISOString() } };
    } catch {
      return undefined; // it has just begun, or just switched
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
