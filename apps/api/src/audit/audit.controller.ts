import { Controller, Inject, Req } from '@nestjs/common';
import { BillingError, hashOf } from '#libs/kernel';
import { accountStream } from '#libs/domain';
import type { EventLog } from '#libs/event-log';
import { EVENT_LOG } from '#libs/commands';
import { Handles, invalidRequest, type RequestOf } from '#libs/http';
import { cursorOf, keyIn } from '../requests/cursors.js';
import { listAccountEvents, listEvents } from './audit.operations.js';
import { READ_AT_ONCE, revisionAt, scan, smallPages, type ReadEvent } from './event-scan.js';
import { verifyChain } from './verify-chain.js';

const REVISION = /^(?:0|[1-9][0-9]{0,14})$/;
const POSITION = /^[0-9/]{1,64}$/;

/** Positions of one log are alike but for their digits. */
const shapeOf = (position: string | undefined): string | undefined => position?.replaceAll(/[0-9]/g, '0');

/** The events themselves, as they were recorded. */
@Controller()
export class AuditController {
  constructor(@Inject(EVENT_LOG) private readonly log: EventLog) {}

  @Handles(listAccountEvents)
  async ofAccount(@Req() { params: { accountId }, query }: RequestOf<typeof listAccountEvents>) {
    const { cursor, limit, verify, ...filter } = query;
    const stream = accountStream(accountId);
    if (await this.log.head(stream) < 0) throw new BillingError('not_found', 'not_found', { detail: 'this account does not exist' });
    const start = cursor !== undefined ? Number(keyIn(cursor, REVISION)) + 1 : filter.from !== undefined ? await revisionAt(this.log, stream, filter.from) : 0;
    const { found, last } = await scan(smallPages(this.log, stream, start), filter, limit, filter.to);
    return {
      items: found.map(eventAnswer), nextCursor: last ? cursorOf(String(last.revision)) : null,
      // The chain is of the whole account: once is enough for all its pages.
      ...(verify && cursor === undefined ? { verify: await verifyChain(this.log, stream) } : {}),
    };
  }

  @Handles(listEvents)
  async all(@Req() { query: { cursor, limit, ...filter } }: RequestOf<typeof listEvents>) {
    const after = cursor === undefined ? undefined : keyIn(cursor, POSITION);
    // A cursor may be made up, or of another log; none that was given lies behind the log's end.
    const end = await this.log.end();
    if (after !== undefined && shapeOf(after) !== shapeOf(end)) throw invalidRequest('cursor', 'a cursor as an earlier page gave it');
    if (after !== undefined && end !== undefined && after >= end) return { items: [], nextCursor: null };
    const { found, last } = await scan(this.log.readAll({ after, batchSize: READ_AT_ONCE }), filter, limit);
    return { items: found.map(eventAnswer), nextCursor: last ? cursorOf(last.position) : null };
  }
}

const eventAnswer = ({ stream, revision, id, type, body, envelope }: ReadEvent) => {
  const { previousHash, data, ...cause } = envelope;
  return { stream, revision, id, type, ...cause, hash: hashOf(stream, revision, type, body), previousHash, data };
};
