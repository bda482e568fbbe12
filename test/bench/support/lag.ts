import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../servers/engine.js';

interface ProjectionsAnswer { readonly items: readonly { readonly name: string; readonly lag: { readonly events: number } }[] }

const EVERY_MS = 250;
const PATIENCE_MS = 120_000;

/** Looks now and then how far an engine's read models are behind. */
export class LagWatch {
  private most = 0;
  private stopped = false;
  private readonly watching: Promise<void>;

  constructor(private readonly engine: Engine) {
    this.watching = this.watch();
  }

  /** @returns the most events that any read model was behind */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.watching;
    return this.most;
  }

  async caughtUp(): Promise<void> {
    await this.stop();
    for (const giveUpAt = performance.now() + PATIENCE_MS; await this.now() > 0; await sleep(EVERY_MS)) {
      if (performance.now() > giveUpAt) throw new Error('the read models do not catch up');
    }
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      this.most = Math.max(this.most, await this.now());
      await sleep(EVERY_MS);
    }
  }

  private async now(): Promise<number> {
    const { items } = await this.engine.get<ProjectionsAnswer>('/v1/projections');
    return Math.max(0, ...items.map(({ lag }) => lag.events));
  }
}
