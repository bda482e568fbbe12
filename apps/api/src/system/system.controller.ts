import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { EventLog } from '#libs/event-log';
import { BillingError, sharedAnswer } from '#libs/kernel';
import { EVENT_LOG } from '#libs/commands';
import { CONTENT_SECURITY, docsPage, Handles, Metrics, PROBLEM_CODES, statusOf, type ProblemCode, type RequestOf, type ShownDocument } from '#libs/http';
import { Projections } from '#libs/read-models';
import { API_DOCUMENT } from '../tokens.js';
import { live, readDocs, readDocument, readMetrics, readProblem, ready } from './system.operations.js';

/** Read models that are further behind are of no use to whoever waits for them. */
const MOST_LAG_SECONDS = 30;
/** A probe asks every few seconds. */
const SAME_ANSWER_MS = 1_000;

interface Check { readonly name: string; readonly ok: boolean; readonly detail?: string }

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEM_CODES, code);

/** The engine about itself. */
@Controller()
export class SystemController {
  /** The document never changes while the process lives: it is written out once. */
  private readonly document: string;
  private readonly page: string;

  /** Anybody may ask, without a token: the log is asked once for all of them, and has its connections for commands. */
  private readonly checkLog = sharedAnswer(async (): Promise<Check> => {
    try {
      await this.log.end();
      return { name: 'log', ok: true };
    } catch (error) {
      return { name: 'log', ok: false, detail: (error as Error).message };
    }
  }, SAME_ANSWER_MS, () => performance.now());

  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog, private readonly projections: Projections, private readonly metrics: Metrics, @Inject(API_DOCUMENT) document: ShownDocument,
  ) {
    this.document = JSON.stringify(document);
    this.page = docsPage(document);
  }

  @Handles(live)
  live() {
    return { status: 'ok', checks: [] };
  }

  @Handles(ready)
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const checks = await Promise.all([this.checkLog(), this.checkProjections()]);
    const ok = checks.every((check) => check.ok);
    if (!ok) reply.code(503);
    return { status: ok ? 'ok' : 'unavailable', checks };
  }

  @Handles(readMetrics)
  async readMetrics(@Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('Content-Type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }

  @Handles(readDocument)
  openApi(@Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('Content-Type', 'application/json; charset=utf-8');
    return this.document;
  }

  @Handles(readDocs)
  docs(@Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('Content-Type', 'text/html; charset=utf-8').header('Content-Security-Policy', CONTENT_SECURITY);
    return this.page;
  }

  @Handles(readProblem)
  problem(@Req() { params: { code } }: RequestOf<typeof readProblem>) {
    if (!isProblemCode(code)) throw new BillingError('not_found', 'not_found', { detail: 'there is no such error' });
    return { code, status: statusOf(code), meaning: PROBLEM_CODES[code][1] };
  }

  /** The read models' database answers, somebody applies, and what waits has not waited long. */
  private async checkProjections(): Promise<Check> {
    try {
      const all = await this.projections.recentStatus();
      const wrong = all.find(({ state, lag }) => state === 'stopped' || state === 'retrying' || lag.seconds > MOST_LAG_SECONDS);
      return wrong ? { name: 'projections', ok: false, detail: wrong.error ?? `${wrong.lag.events} events behind, for ${Math.round(wrong.lag.seconds)} s` } : { name: 'projections', ok: true };
    } catch (error) {
      return { name: 'projections', ok: false, detail: (error as Error).message };
    }
  }
}
