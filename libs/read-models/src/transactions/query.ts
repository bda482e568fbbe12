import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import type { Instant } from '#libs/kernel';
import { timestamp } from '../database/copy.js';
import { answered } from '../querying/answered.js';
import { cursorOf, keyIn, pageOf, type Page, type PageRequest } from '../querying/page.js';
import { TransactionEntity } from './entity.js';
import type { TransactionType } from './projection.js';

export interface TransactionFilters {
  readonly type?: TransactionType | undefined;
  /** Recorded at or after. */
  readonly from?: Instant | undefined;
  /** Recorded before. */
  readonly to?: Instant | undefined;
}

/** Few, as rows are made of all of them in one go, while commands wait. */
const STREAMED_AT_ONCE = 100;
const isKey = (key: readonly unknown[]): key is readonly [number] => key.length === 1 && Number.isSafeInteger(key[0]);

/** What came and went otherwise than by usage, newest first. */
@Injectable()
export class TransactionsQuery {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws invalid/invalid_request for a cursor that is none */
  async list(accountId: string, filters: TransactionFilters, { limit, cursor, offset }: PageRequest): Promise<Page<TransactionEntity>> {
    const before = cursor === undefined ? undefined : keyIn(cursor, isKey)[0];
    const query = this.query(accountId, filters, before).limit(limit + 1).offset(offset);
    return pageOf(await answered(() => query.getMany()), limit, ({ revision }) => cursorOf(revision));
  }

  /** All of them in batches, each a short query of its own: any length in little memory, and nothing waits for a slow reader. */
  async *stream(accountId: string, filters: TransactionFilters): AsyncGenerator<readonly TransactionEntity[], void> {
    for (let before: number | undefined; ;) {
      const rows = await answered(() => this.query(accountId, filters, before).limit(STREAMED_AT_ONCE).getMany());
      if (rows.length > 0) yield rows;
      if (rows.length < STREAMED_AT_ONCE) return;
      before = rows.at(-1)?.revision;
    }
  }

  private query(accountId: string, { type, from, to }: TransactionFilters, before: number | undefined): SelectQueryBuilder<TransactionEntity> {
    const query = this.dataSource.getRepository(TransactionEntity).createQueryBuilder('transaction')
      .where('transaction.accountId = :accountId', { accountId }).orderBy('transaction.revision', 'DESC');
    if (type !== undefined) query.andWhere('transaction.type = :type', { type });
    if (from !== undefined) query.andWhere('transaction.at >= :from', { from: timestamp(from) });
    if (to !== undefined) query.andWhere('transaction.at < :to', { to: timestamp(to) });
    if (before !== undefined) query.andWhere('transaction.revision < :before', { before });
    return query;
  }
}
