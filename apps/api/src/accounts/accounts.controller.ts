import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { created, Handles, type RequestOf } from '#libs/http';
import { AccountOrders, standing } from '../account-orders.js';
import { AccountReads } from '../reading/account-reads.js';
import { listAccounts, openAccount, readAccount } from './accounts.operations.js';

@Controller()
export class AccountsController {
  constructor(private readonly orders: AccountOrders, private readonly reads: AccountReads) {}

  @Handles(openAccount)
  async open(@Req() request: RequestOf<typeof openAccount>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { id, catalog, billing: { mode }, timeZone } = request.body;
    const done = await this.orders.carryOut(request, reply, id, { type: 'OpenAccount', mode, timeZone }, catalog);
    created(reply, `/v1/accounts/${id}`);
    const { terms } = done.answer;
    return {
      id, catalog: terms.catalog, unit: terms.unit, scale: terms.scale, billing: { mode: terms.mode }, timeZone: terms.timeZone, openedAt: terms.openedAt,
      ...standing(done),
    };
  }

  @Handles(readAccount)
  read(@Req() request: RequestOf<typeof readAccount>) {
    return this.reads.account(request, request.params.accountId);
  }

  @Handles(listAccounts)
  list(@Req() request: RequestOf<typeof listAccounts>) {
    return this.reads.list(request, request.query);
  }
}
