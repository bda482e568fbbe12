import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { BillingError } from '#libs/kernel';
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

  /** What to throw where the read models lack a revision that they had. */
  wentBack(accountId: string, revision: number): BillingError {
    return this.projections.wentBack(accountId, revision);
  }

  /** The account whose position the caller sent. */
  accountSeen({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
    const token = headers[MIN_POSITION_HEADER];
    return token === undefined ? undefined : parsePosition(String(token)).accountId;
  }
}
