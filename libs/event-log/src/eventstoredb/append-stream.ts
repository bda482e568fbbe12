import { randomUUID } from 'node:crypto';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { SealedEvent } from '#libs/kernel';
import { encodeAppend, type AppendAnswer, type AppendOutcome } from './append-messages.js';
import { nodeFault, streamFault, Unanswered, Undecided } from './faults.js';

/** A server that can answers, if only that it gave up: at the first of its looks, one a second, after its CommitTimeoutMs (2 s unless set otherwise; 3 s or more would have it taken for silent). */
const ANSWER_WITHIN_MS = 4_000;
const LOOK_EVERY_MS = 100;

interface Pending {
  readonly sentAt: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One `BatchAppend` call: appends to any streams go out one behind the other and are answered as they are done. Each has
 * its own time-out, since the protocol has none and a silent server would be waited for for ever. Which append an answer
 * belongs to is known here, not in a table of the whole process as in the client library, so that what fails here fails
 * nobody else, and a late answer is no accident.
 */
export class AppendStream {
  /** The oldest first. */
  private readonly pending = new Map<string, Pending>();
  /** When the server last said anything. */
  heardAt = performance.now();
  private lost: Error | undefined;
  private watch: NodeJS.Timeout | undefined;
  private lookedAt = 0;

  /** @param onLost told once that the call has ended, or that the server has fallen silent. */
  constructor(private readonly call: ClientDuplexStream<Buffer, AppendAnswer>, private readonly onLost: (fault: Error) => void) {
    call.on('data', (answer: AppendAnswer) => this.settle(answer));
    call.on('error', (error) => this.lose(streamFault(error)));
    call.on('end', () => this.lose(new Unanswered('the server ended the call')));
  }

  /** Rejects with {@link Unanswered} when the outcome is not known. */
  send(stream: string, expected: number, events: readonly SealedEvent[]): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      if (this.lost) throw this.lost;
      const correlationId = randomUUID();
      this.call.write(encodeAppend({ correlationId, stream, expected, events }));
      this.pending.set(correlationId, { sentAt: performance.now(), resolve, reject });
      this.startWatching();
    });
  }

  /** What is pending is unanswered; nothing can be sent any more. */
  lose(fault: Error): void {
    if (this.lost) return;
    this.lost = fault;
    this.stopWatching();
    this.call.cancel();
    for (const { reject } of this.pending.values()) reject(fault);
    this.pending.clear();
    this.onLost(fault);
  }

  private settle({ correlationId, outcome }: AppendAnswer): void {
    this.heardAt = performance.now();
    const fault = outcome.kind === 'refused' ? nodeFault(outcome.message) : undefined;
    if (fault) {
      this.lose(fault);
      return;
    }
    this.pending.get(correlationId)?.resolve(outcome); // one that comes too late is nobody's any more
    this.pending.delete(correlationId);
    if (this.pending.size === 0) this.stopWatching();
  }

  private startWatching(): void {
    if (this.watch) return;
    this.lookedAt = performance.now();
    this.watch = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  private stopWatching(): void {
    clearInterval(this.watch);
    this.watch = undefined;
  }

  /** One append may go unanswered for long (a repeat of one that is still under way is, until the server gives up on it); none at all means that nobody is there. */
  private look(): void {
    const now = performance.now();
    const wasHeldUp = now - this.lookedAt > LOOK_EVERY_MS * 5; // by this process: answers may be waiting to be read
    this.lookedAt = now;
    if (wasHeldUp) return;
    for (const [correlationId, { sentAt, reject }] of this.pending) {
      if (now - sentAt < ANSWER_WITHIN_MS) return;
      if (this.heardAt < sentAt) {
        this.lose(new Unanswered('the server is silent'));
        return;
      }
      this.pending.delete(correlationId);
      reject(new Undecided('the server did not answer in time'));
    }
    this.stopWatching();
  }
}
