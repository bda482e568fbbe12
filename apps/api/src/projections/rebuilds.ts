import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BillingError, systemClock, type Instant } from '#libs/kernel';
import { Projections, type ProjectionStatus, type Rebuildable } from '#libs/read-models';

/** A rebuild that was asked for here: how far it is, or how it ended. */
export interface RebuildState {
  readonly status: 'running' | 'done' | 'failed';
  /** Events of the log filled in, of so many there are. */
  readonly done: number;
  readonly total: number;
  readonly startedAt: Instant;
  readonly error?: string;
}

/** Long enough for a rebuild to be refused because another one runs. */
const REFUSED_WITHIN_MS = 300;

/** Rebuilds go on after the request that asked for them. */
@Injectable()
export class Rebuilds implements BeforeApplicationShutdown {
  private readonly states = new Map<Rebuildable, RebuildState>();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly projections: Projections, private readonly log: Logger) {}

  /** Resolves once it is under way. @throws conflict/state_conflict while another rebuild runs, here or elsewhere */
  async start(name: Rebuildable): Promise<RebuildState> {
    if ([...this.states.values()].some(({ status }) => status === 'running')) {
      throw new BillingError('conflict', 'state_conflict', { detail: 'another rebuild is running; GET /v1/projections shows how far it is' });
    }
    const startedAt = systemClock();
    const before = this.states.get(name);
    this.states.set(name, { status: 'running', done: 0, total: 0, startedAt });
    const run = this.projections.rebuild(name, ({ events: done, total }) => this.advance(name, { done, total }), this.stopping.signal);
    this.running = run.then(
      () => this.advance(name, { status: 'done' }),
      (error: unknown) => {
        this.advance(name, { status: 'failed', error: error instanceof Error ? error.message : String(error) });
        if (!this.stopping.signal.aborted) this.log.error({ err: error, projection: name }, 'a rebuild failed');
      },
    );
    try {
      await Promise.race([run, delay(REFUSED_WITHIN_MS)]);
    } catch (error) {
      await this.running;
      if (error instanceof BillingError && before) this.states.set(name, before);
      else if (error instanceof BillingError) this.states.delete(name);
      throw error;
    }
    return this.states.get(name) as RebuildState;
  }

  /** Of a read model: the rebuild under way in whichever process, else how the last one asked for here ended. */
  of({ name, building }: ProjectionStatus): RebuildState | null {
    const known = this.states.get(name) ?? this.states.get('all') ?? null;
    if (!building || known?.status === 'running') return known;
    return { status: 'running', done: building.events, total: building.total, startedAt: building.startedAt };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private advance(name: Rebuildable, step: Partial<RebuildState>): void {
    const state = this.states.get(name);
    if (state) this.states.set(name, { ...state, ...step });
  }
}
