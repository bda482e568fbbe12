import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccountCommand, Answer, Catalog } from '#libs/domain';
import { Catalogs, ExecuteAccountCommand } from '#libs/commands';
import { Metrics, originOf, positionToken, REPLAYED_HEADER } from '#libs/http';
import { balanceAnswer, type BalanceAnswer } from './answers/balance.js';

/** A command that was carried out, with what its answer is shown with. */
export interface Done {
  readonly accountId: string;
  readonly answer: Answer;
  readonly catalog: Catalog;
}

/** What every command's answer ends with. */
export const standing = ({ accountId, answer, catalog }: Done): { balance: BalanceAnswer; position: string } =>
  ({ balance: balanceAnswer(answer.balance, catalog), position: positionToken(accountId, answer.revision) });

/** Sends commands to accounts for HTTP. */
@Injectable()
export class AccountOrders {
  constructor(private readonly commands: CommandBus, private readonly catalogs: Catalogs, private readonly metrics: Metrics) {}

  /** @param catalog of OpenAccount alone */
  async send(request: FastifyRequest, accountId: string, command: AccountCommand, catalog?: string): Promise<Done> {
    const answer = await this.commands.execute(new ExecuteAccountCommand(accountId, command, originOf(request), catalog));
    this.metrics.command(command.type, answer.repeated ? 'repeated' : 'done');
    // The command has just been guarded with this catalog's revision: what is in memory is what it was decided with.
    return { accountId, answer, catalog: await this.catalogs.peek(answer.terms.catalog) };
  }

  /** The same, and tells the caller where a command had been carried out before. */
  async carryOut(request: FastifyRequest, reply: FastifyReply, accountId: string, command: AccountCommand, catalog?: string): Promise<Done> {
    const done = await this.send(request, accountId, command, catalog);
    if (done.answer.repeated) reply.header(REPLAYED_HEADER, 'true');
    return done;
  }
}
