import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { answered } from '../querying/answered.js';
import { cursorOf, keyIn, pageOf, type Page, type PageRequest } from '../querying/page.js';
import { BalanceEntity } from './entity.js';

export type AccountView = Omit<BalanceEntity, 'grants' | 'grantDueAt'>;

const isKey = (key: readonly unknown[]): key is readonly [string] => key.length === 1 && typeof key[0] === 'string';

/** All accounts, in the order of their ids. */
@Injectable()
export class AccountsQuery {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws invalid/invalid_request for a cursor that is none */
  async list({ catalog, limit, cursor, offset }: PageRequest & { readonly catalog?: string | undefined }): Promise<Page<AccountView>> {
    const query = this.dataSource.getRepository(BalanceEntity).createQueryBuilder('account')
      .select(['accountId', 'catalog', 'unit', 'scale', 'mode', 'timeZone', 'openedAt', 'revision', 'remaining', 'held', 'debt'].map((name) => `account.${name}`))
      .orderBy('account.accountId').limit(limit + 1).offset(offset);
    if (catalog !== undefined) query.andWhere('account.catalog = :catalog', { catalog });
    if (cursor !== undefined) {
      const [after] = keyIn(cursor, isKey);
      query.andWhere('account.accountId > :after', { after });
    }
    return pageOf(await answered(() => query.getMany()), limit, ({ accountId }) => cursorOf(accountId));
  }
}
