import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Clock, Instant } from '#libs/kernel';
import type { Catalog } from '#libs/domain';
import { Accounts, Catalogs, CLOCK } from '#libs/commands';
import { invalidRequest, positionToken } from '#libs/http';
import { AccountsQuery, BalanceQuery, type AccountView, type BalanceView } from '#libs/read-models';
import { balanceOfAccount } from '../answers/account-balance.js';
import { balanceAnswer, type AccountBalanceAnswer } from '../answers/balance.js';
import { Freshness } from './freshness.js';

type Asked = Pick<FastifyRequest, 'headers'>;

/** What accounts are and stand at, from their read model. */
@Injectable()
export class AccountReads {
  constructor(
    private readonly balances: BalanceQuery, private readonly all: AccountsQuery, private readonly freshness: Freshness,
    private readonly accounts: Accounts, private readonly catalogs: Catalogs, @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws not_found */
  async balance(request: Asked, accountId: string): Promise<AccountBalanceAnswer> {
    const row = await this.row(request, accountId);
    // Something has ended since the row was written, or the row is not there yet: the log knows.
    if (!row || (row.nextDueAt !== null && row.nextDueAt <= this.clock())) return this.balanceNow(accountId);
    return rowAnswer(row, await this.catalogs.recent(row.catalog));
  }

  /** @throws not_found, invalid/invalid_request for an instant to come */
  async balanceAt(accountId: string, at: Instant): Promise<AccountBalanceAnswer> {
    const now = this.clock();
    if (at > now) throw invalidRequest('at', `in the future; it is ${now}`);
    const account = await this.accounts.asOf(accountId, at);
    return balanceOfAccount(accountId, account, await this.catalogs.recent(account.terms?.catalog as string));
  }

  /** @throws not_found */
  async account(request: Asked, accountId: string) {
    const [row, { accountId: id, grants: _, position, ...balance }] = [await this.existing(request, accountId), await this.balance(request, accountId)];
    return { ...termsOf({ ...row, accountId: id }), balance, position };
  }

  async list(request: Asked, page: Parameters<AccountsQuery['list']>[0]) {
    const seen = this.freshness.accountSeen(request);
    if (seen !== undefined) await this.row(request, seen);
    const { items, nextCursor } = await this.all.list(page);
    return { items: await Promise.all(items.map(async (row) => ({ ...termsOf(row), balance: balanceAnswer(row, await this.catalogs.recent(row.catalog)) }))), nextCursor };
  }

  /** The row of an account that is there, once read models have got as far as this read needs. @throws not_found */
  async existing(request: Asked, accountId: string): Promise<BalanceView> {
    const row = await this.row(request, accountId);
    if (row) return row;
    const { revision } = await this.accounts.current(accountId);
    return await this.reached(accountId, revision) as BalanceView;
  }

  /** Which catalog an account is on, which never changes. @throws not_found */
  async catalogOf(accountId: string): Promise<string> {
    return (await this.existing({ headers: {} }, accountId)).catalog;
  }

  /** One look-up where the read model has got far enough already, as it nearly always has. */
  private async row(request: Asked, accountId: string): Promise<BalanceView | undefined> {
    const needed = this.freshness.needed(request, accountId);
    const row = await this.balances.find(accountId);
    if ((row?.revision ?? -1) >= needed) return row;
    return this.reached(accountId, needed);
  }

  /** The row once it has this revision. What was waited for may have gone again since, with a database that went back in time. @throws unavailable/projection_behind */
  private async reached(accountId: string, revision: number): Promise<BalanceView | undefined> {
    await this.freshness.until(accountId, revision);
    const row = await this.balances.find(accountId);
    if ((row?.revision ?? -1) < revision) throw this.freshness.wentBack(accountId, revision);
    return row;
  }

  private async balanceNow(accountId: string): Promise<AccountBalanceAnswer> {
    const account = await this.accounts.current(accountId);
    return balanceOfAccount(accountId, account, await this.catalogs.peek(account.terms?.catalog as string));
  }
}

const rowAnswer = ({ accountId, remaining, held, debt, grants, revision }: BalanceView, catalog: Catalog): AccountBalanceAnswer => ({
  accountId, ...balanceAnswer({ remaining, held, debt }, catalog),
  grants: grants.map(({ id, kind, amount, free, held: inHolds, priority, expiresAt, createdAt }) => ({ id, kind, amount, free, held: inHolds, priority, expiresAt, createdAt })),
  position: positionToken(accountId, revision),
});

const termsOf = ({ accountId, catalog, unit, scale, mode, timeZone, openedAt }: Pick<AccountView, 'accountId' | 'catalog' | 'unit' | 'scale' | 'mode' | 'timeZone' | 'openedAt'>) =>
  ({ id: accountId, catalog, unit, scale, billing: { mode }, timeZone, openedAt });
