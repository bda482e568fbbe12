import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { openView, type Hold } from '#libs/domain';
import { Accounts } from '#libs/commands';
import { created, Handles, type RequestOf } from '#libs/http';
import { AccountOrders, standing } from '../account-orders.js';
import { closingAnswer, holdAnswer, holdState } from '../answers/hold.js';
import { cursorOf, keyIn } from '../requests/cursors.js';
import { priceableOf, settledWork } from '../requests/work.js';
import { DryRuns } from './dry-runs.js';
import { chargeUsage, increaseHold, listHolds, placeHold, readHold, releaseHold, settleHold } from './holds.operations.js';

/** Credit reserved for work, and what becomes of it. */
@Controller()
export class HoldsController {
  constructor(private readonly orders: AccountOrders, private readonly accounts: Accounts, private readonly dryRuns: DryRuns) {}

  @Handles(placeHold)
  async place(@Req() request: RequestOf<typeof placeHold>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { id, accountId, ttlSeconds, onExcess } = request.body;
    const { request: priced, amount } = priceableOf(request.body);
    const command = { type: 'PlaceHold', holdId: id, ttlSeconds, onExcess, request: priced, amount } as const;
    if (request.query.dryRun) return this.dryRuns.hold(accountId, command);
    const done = await this.orders.carryOut(request, reply, accountId, command);
    created(reply, `/v1/accounts/${accountId}/holds/${id}`);
    return holdAnswer(done);
  }

  @Handles(listHolds)
  async list(@Req() { params: { accountId }, query: { limit, cursor } }: RequestOf<typeof listHolds>) {
    const { holds } = await this.accounts.current(accountId);
    const after = cursor === undefined ? '' : keyIn(cursor);
    const rest = [...holds.values()].filter(({ id }) => id > after).sort((a: Hold, b: Hold) => (a.id < b.id ? -1 : 1));
    const page = rest.slice(0, limit);
    return { items: page.map((hold) => holdState(accountId, openView(hold))), nextCursor: rest.length > limit ? cursorOf((page.at(-1) as Hold).id) : null };
  }

  @Handles(readHold)
  async read(@Req() request: RequestOf<typeof readHold>) {
    const { accountId, holdId } = request.params;
    return holdAnswer(await this.orders.send(request, accountId, { type: 'ShowHold', holdId }));
  }

  @Handles(settleHold)
  async settle(@Req() request: RequestOf<typeof settleHold>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { final, facts } = request.body;
    const { accountId, holdId } = request.params;
    const { usage, amount, model, parameters } = settledWork(request.body);
    return closingAnswer(await this.orders.carryOut(request, reply, accountId, { type: 'SettleHold', holdId, final, facts, usage, amount, model, parameters }));
  }

  @Handles(releaseHold)
  async release(@Req() request: RequestOf<typeof releaseHold>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { accountId, holdId } = request.params;
    return closingAnswer(await this.orders.carryOut(request, reply, accountId, { type: 'ReleaseHold', holdId, ...request.body }));
  }

  @Handles(increaseHold)
  async increase(@Req() request: RequestOf<typeof increaseHold>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { accountId, holdId } = request.params;
    return holdAnswer(await this.orders.carryOut(request, reply, accountId, { type: 'IncreaseHold', holdId, ...request.body }));
  }

  @Handles(chargeUsage)
  async charge(@Req() request: RequestOf<typeof chargeUsage>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { id, accountId, facts, ...work } = request.body;
    const done = await this.orders.carryOut(request, reply, accountId, { type: 'ChargeUsage', chargeId: id, facts, ...priceableOf(work) });
    created(reply, `/v1/accounts/${accountId}/holds/${id}`);
    const { fact } = done.answer;
    const { cost, request: priced } = fact?.type === 'UsageSettled' ? fact.data : { cost: '0', request: undefined };
    return { id, accountId, status: 'settled', cost, model: priced?.model, recordedAt: fact?.recordedAt, ...standing(done) };
  }
}
