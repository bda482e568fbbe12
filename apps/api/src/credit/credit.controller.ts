import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { DataOf } from '#libs/domain';
import { formatAmount, readAmount, sum } from '#libs/money';
import { Handles, IDEMPOTENCY_KEY_HEADER, keyAndId, type RequestOf } from '#libs/http';
import { AccountOrders, standing, type Done } from '../account-orders.js';
import { buyCredit, giveCredit, refund } from './credit.operations.js';

/** Money and credit coming in, and going back. */
@Controller()
export class CreditController {
  constructor(private readonly accounts: AccountOrders) {}

  @Handles(buyCredit)
  async buy(@Req() request: RequestOf<typeof buyCredit>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { id, ...terms } = request.body;
    const key = keyAndId(request.headers[IDEMPOTENCY_KEY_HEADER], id);
    const done = await this.accounts.carryOut(request, reply, request.params.accountId, { type: 'BuyCredit', ...key, ...terms });
    const { purchaseId, amount, paid, pack, validity, priority, expiresAt } = dataOf<'CreditsPurchased'>(done);
    return { id: purchaseId, accountId: done.accountId, credited: amount, paid, pack, validity, priority, expiresAt, recordedAt: done.answer.fact?.recordedAt, ...standing(done) };
  }

  @Handles(giveCredit)
  async give(@Req() request: RequestOf<typeof giveCredit>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { id, ...terms } = request.body;
    const key = keyAndId(request.headers[IDEMPOTENCY_KEY_HEADER], id);
    const done = await this.accounts.carryOut(request, reply, request.params.accountId, { type: 'GrantCredit', ...key, ...terms });
    const { grantId, kind, amount, reason, priority, expiresAt } = dataOf<'CreditsGranted'>(done);
    return { id: grantId, accountId: done.accountId, kind, credited: amount, reason, priority, expiresAt, recordedAt: done.answer.fact?.recordedAt, ...standing(done) };
  }

  @Handles(refund)
  async refund(@Req() request: RequestOf<typeof refund>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { id, charge, source, purchase, ...terms } = request.body;
    const key = keyAndId(request.headers[IDEMPOTENCY_KEY_HEADER], id);
    const of = purchase === undefined ? { charge: charge as string, source } : { purchase };
    const done = await this.accounts.carryOut(request, reply, request.params.accountId, { type: 'Refund', ...key, of, ...terms });
    const data = dataOf<'RefundIssued'>(done);
    const { debtCancelled, newGrant } = data;
    return {
      id: data.refundId, accountId: done.accountId, refunded: data.amount, charge: data.charge, source: data.source, purchase: data.purchase, returned: data.money,
      debtCancelled: debtCancelled && formatAmount(sum(debtCancelled.map(({ amount }) => readAmount(amount)))),
      newGrant: newGrant && { amount: newGrant.amount, expiresAt: newGrant.expiresAt },
      reason: data.reason, recordedAt: done.answer.fact?.recordedAt, ...standing(done),
    };
  }
}

/** Of the event a command answered with: these commands always answer with theirs. */
const dataOf = <Type extends 'CreditsPurchased' | 'CreditsGranted' | 'RefundIssued'>({ answer }: Done): DataOf<Type> => answer.fact?.data as DataOf<Type>;
