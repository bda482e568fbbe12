import { setTimeout as delay } from 'node:timers/promises';

export interface Address { readonly address: string; readonly port: number }

/** Where the answer to an append goes wrong; taken in turn by the appends that follow. */
export type AppendFault =
  | 'drop-before' // the connection breaks before the write
  | 'drop-after' // … after the write, before its answer
  | 'time-out-before' | 'time-out-after' // the server gives up on it
  | 'unanswered-before' | 'unanswered-after';

/** What a test makes a node do. */
export class Faults {
  /** For the appends that follow, one each. */
  readonly appends: AppendFault[] = [];
  /** Every answer is late by this much; what was asked is done at once. */
  answerAfterMs = 0;
  /** Instead of doing anything: not ready, too busy, or no leader; the leader's address where it is known. */
  refusal: 'not-ready' | 'busy' | 'no-leader' | Address | undefined;
  /** Of who asks for the members of the cluster, whatever else is answered. */
  gossip: 'unanswered' | 'denied' | undefined;
  /** What a subscription that is live may be behind before it is ended, as servers up to 23.10 do; below 0, none comes that far. */
  liveBuffer = Infinity;
  private frozen: Promise<void> | undefined;
  private resume = (): void => undefined;

  /** From now on nothing is done or answered. */
  freeze(): void {
    this.frozen ??= new Promise((resolve) => { this.resume = resolve; });
  }

  /** What was asked in between is done now. */
  thaw(): void {
    this.resume();
    this.frozen = undefined;
  }

  /** Undefined when nothing holds it up: a promise would let others overtake. */
  get beforeDoing(): Promise<void> | undefined { return this.frozen; }

  async beforeAnswering(): Promise<void> {
    await this.frozen;
    if (this.answerAfterMs > 0) await delay(this.answerAfterMs);
  }
}
