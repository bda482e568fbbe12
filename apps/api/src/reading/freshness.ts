import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Accounts } from '#libs/commands';
import { invalidRequest, MIN_POSITION_HEADER, parsePosition } from '#libs/http';
import { Projections } from '#libs/read-models';

/** How long a read waits for its read model before it answers 503. */
const WAIT_MS = 5_000;

/** How far a read model must have got before a read may be answered from it. */
@Injectable()
export class Freshness {
  constructor(private readonly accounts: Accounts, private readonly projections: Projections) {}

  /**
   * The revision of an account that a read has to show: what the caller has seen, and what this process has acknowledged.
   * @throws invalid/invalid_request for a position of another account, or none
   */
  needed({ headers }: Pick<FastifyRequest, 'headers'>, accountId: string): number {
    const acknowledged = this.accounts.acknowledged(accountId);
    const token = headers[MIN_POSITION_HEADER];
    if (token === undefined) return acknowledged;
    const seen = parsePosition(String(token));
    if (seen.accountId !== accountId) throw invalidRequest(MIN_POSITION_HEADER, 'this is the position of another account');
    return Math.max(acknowledged, seen.revision);
  }

  /** @throws unavailable/projection_behind */
  async until(accountId: string, revision: number): Promise<void> {
    if (revision >= 0) await this.projections.waitFor(accountId, revision, WAIT_MS);
  }

  /** Before a read across accounts: the one whose position the caller sent. @throws unavailable/projection_behind */
  async untilSeen({ headers }: Pick<FastifyRequest, 'headers'>): Promise<void> {
    const token = headers[MIN_POSITION_HEADER];
    if (token === undefined) return;
    const { accountId, revision } = parsePosition(String(token));
    await this.until(accountId, revision);
  }
}
