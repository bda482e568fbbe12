import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from '../support/child.js';
import { Connection } from './connection.js';
import { talkOf, type Talk } from './conversations.js';
import { Histogram } from './histogram.js';
import type { LoadJob, LoadResult } from './job.js';

/** The process that makes load: of its own, so that what it costs is not taken from the server it measures. */

interface Line {
  readonly connection: Connection;
  readonly talk: Talk;
  sentAt: number;
}

class Load {
  private readonly lines: Line[] = [];
  /** Connections without a request under way, for load at a rate. */
  private readonly free: Line[] = [];
  private readonly latency = new Histogram();
  private readonly statuses: Record<string, number> = {};
  private unexpected: string | undefined;
  private stopping = false;
  private measuring = false;
  private underWay = 0;
  private answers = 0;
  private whenDone: (() => void) | undefined;
  private failed: Error | undefined;

  constructor(private readonly job: LoadJob) {}

  async run(): Promise<LoadResult> {
    await this.connect();
    const done = new Promise<void>((resolve) => { this.whenDone = resolve; });
    const cpuBefore = process.cpuUsage();
    const pacing = this.job.rate === undefined ? this.lines.forEach((line) => { this.say(line, performance.now()); }) : this.pace(this.job.rate);
    const seconds = await this.measure(done);
    this.stopping = true;
    await pacing;
    for (const line of this.free.splice(0)) if (!line.talk.atRest) this.say(line, performance.now());
    if (this.underWay > 0) await done;
    for (const { connection } of this.lines) connection.close();
    if (this.failed) throw this.failed;
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      perSecond: this.latency.count / seconds, p50Ms: this.latency.percentileMs(50), p99Ms: this.latency.percentileMs(99),
      statuses: this.statuses, unexpected: this.unexpected, cpuMicros: (user + system) / Math.max(1, this.answers),
    };
  }

  private async connect(): Promise<void> {
    const { ports, connections, conversation } = this.job;
    for (let number = 0; number < connections; number += 1) {
      const line: Line = {
        talk: talkOf(conversation, number, connections), sentAt: 0,
        connection: new Connection(ports[number % ports.length]!, (status, bytes) => { this.answered(line, status, bytes); }, (error) => { this.lost(error); }),
      };
      this.lines.push(line);
    }
    await Promise.all(this.lines.map(({ connection }) => connection.open()));
    if (this.job.rate !== undefined) this.free.push(...this.lines);
  }

  /** @returns how long was measured; a job that ends by itself is measured whole */
  private async measure(done: Promise<void>): Promise<number> {
    const { warmUpMs, measureMs } = this.job;
    if (warmUpMs > 0) await Promise.race([sleep(warmUpMs), done]);
    this.measuring = true;
    const start = performance.now();
    await Promise.race([sleep(measureMs), done]);
    this.measuring = false;
    return (performance.now() - start) / 1_000;
  }

  /** Sends on time whatever is due, on a connection that is free; a request that has to wait for one counts its wait. */
  private async pace(rate: number): Promise<void> {
    const start = performance.now();
    const waiting: number[] = [];
    let due = 0;
    while (!this.stopping && !this.failed) {
      const now = performance.now();
      for (const until = ((now - start) * rate) / 1_000; due < until; due += 1) waiting.push(now);
      while (waiting.length > 0 && this.free.length > 0) this.say(this.free.shift()!, waiting.shift()!);
      await sleep(1);
    }
  }

  private say(line: Line, since: number): void {
    const bytes = line.talk.next();
    if (!bytes) return;
    line.sentAt = since;
    this.underWay += 1;
    line.connection.send(bytes);
  }

  private answered(line: Line, status: number, bytes: Buffer): void {
    const now = performance.now();
    this.underWay -= 1;
    this.answers += 1;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status !== line.talk.expectedStatus) {
      this.unexpected ??= `instead of ${line.talk.expectedStatus}: ${bytes.toString('utf8')}`;
      line.talk.giveUp();
    } else if (this.measuring) this.latency.add((now - line.sentAt) * 1_000);
    const goesOn = !this.stopping || !line.talk.atRest;
    if (goesOn && (this.job.rate === undefined || this.stopping)) this.say(line, now);
    else if (goesOn) this.free.push(line);
    if (this.underWay === 0 && (this.stopping || this.job.rate === undefined)) this.whenDone?.();
  }

  private lost(error: Error): void {
    if (this.stopping && this.underWay === 0) return;
    this.failed ??= error;
    this.stopping = true;
    this.underWay = 0;
    this.whenDone?.();
  }
}

answerParent({ run: (job: LoadJob) => new Load(job).run() });
