import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Catalogs } from '#libs/commands';
import { Handles, sendCsv, type RequestOf } from '#libs/http';
import { TierQuery, TransactionsQuery, UsageQuery } from '#libs/read-models';
import { DEFAULT_LIMIT } from '../requests/common.js';
import { AccountReads } from './account-reads.js';
import { listTransactions, listUsage, readBalance, readLimits } from './reading.operations.js';
import { transactionAnswer, TRANSACTION_COLUMNS, transactionRow, usageAnswer, USAGE_COLUMNS, usageRow } from './rows.js';

/** What an account stands at, and what happened to it. */
@Controller()
export class ReadingController {
  constructor(
    private readonly reads: AccountReads, private readonly transactions: TransactionsQuery, private readonly usage: UsageQuery,
    private readonly tiers: TierQuery, private readonly catalogs: Catalogs,
  ) {}

  @Handles(readBalance)
  balance(@Req() request: RequestOf<typeof readBalance>) {
    const { params: { accountId }, query: { at } } = request;
    return at === undefined ? this.reads.balance(request, accountId) : this.reads.balanceAt(accountId, at);
  }

  @Handles(listTransactions)
  async listTransactions(@Req() request: RequestOf<typeof listTransactions>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { params: { accountId }, query: { type, from, to, format, limit = DEFAULT_LIMIT, ...page } } = request;
    await this.reads.existing(request, accountId);
    const filters = { type, from, to };
    if (format === 'csv') return sendCsv(reply, `transactions-${accountId}.csv`, this.transactions.stream(accountId, filters), transactionRow, TRANSACTION_COLUMNS);
    const { items, nextCursor } = await this.transactions.list(accountId, filters, { limit, ...page });
    return { items: items.map(transactionAnswer), nextCursor };
  }

  @Handles(listUsage)
  async listUsage(@Req() request: RequestOf<typeof listUsage>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { params: { accountId }, query: { group, model, status, keyId, from, to, format, limit = DEFAULT_LIMIT, ...page } } = request;
    await this.reads.existing(request, accountId);
    const filters = { group, model, status, keyId, from, to };
    if (format === 'csv') return sendCsv(reply, `usage-${accountId}.csv`, this.usage.stream(accountId, filters), usageRow, USAGE_COLUMNS);
    const { items, nextCursor } = await this.usage.list(accountId, filters, { limit, ...page });
    return { items: items.map(usageAnswer), nextCursor };
  }

  @Handles(readLimits)
  async limits(@Req() request: RequestOf<typeof readLimits>) {
    const { accountId } = request.params;
    const { catalog } = await this.reads.existing(request, accountId);
    const { purchased, currency } = await this.tiers.find(accountId) ?? { purchased: '0', currency: (await this.catalogs.peek(catalog)).currency };
    return { accountId, purchased: { amount: purchased, currency } };
  }
}
