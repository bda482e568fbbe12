import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { instantOf, type Instant } from '#libs/kernel';
import { timestamp } from '../database/copy.js';
import { answered } from '../querying/answered.js';
import { cursorOf, keyIn, pageOf, type Page, type PageRequest } from '../querying/page.js';
import { UsageEntity } from './entity.js';

export interface UsageFilters {
  readonly group?: string | undefined;
  readonly model?: string | undefined;
  /** The HTTP status the caller told. */
  readonly status?: number | undefined;
  readonly keyId?: string | undefined;
  /** The work was done at or after. */
  readonly from?: Instant | undefined;
  /** The work was done before. */
  readonly to?: Instant | undefined;
}

const EQUAL = ['group', 'model', 'status', 'keyId'] as const;
/** Few, as rows are made of all of them in one go, while commands wait. */
const STREAMED_AT_ONCE = 100;

/** Where a page ended: the work's instant and its revision. */
type Key = readonly [at: Instant, revision: number];
/** In the calendar: the database knows no 31 February. */
const isInstant = (text: string): boolean => !Number.isNaN(Date.parse(text)) && instantOf(Date.parse(text)) === text;
const isKey = (key: readonly unknown[]): key is Key => {
  const [at, revision] = key;
  return key.length === 2 && typeof at === 'string' && isInstant(at) && Number.isSafeInteger(revision);
};

/** The usage log of an account, newest work first. */
@Injectable()
export class UsageQuery {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws invalid/invalid_request for a cursor that is none */
  async list(accountId: string, filters: UsageFilters, { limit, cursor, offset }: PageRequest): Promise<Page<UsageEntity>> {
    const before = cursor === undefined ? undefined : keyIn(cursor, isKey);
    const query = this.query(accountId, filters, before).limit(limit + 1).offset(offset);
    return pageOf(await answered(() => query.getMany()), limit, ({ at, revision }) => cursorOf(at, revision));
  }

  /** All of it in batches, each a short query of its own: any length in little memory, and nothing waits for a slow reader. */
  async *stream(accountId: string, filters: UsageFilters): AsyncGenerator<readonly UsageEntity[], void> {
    for (let before: Key | undefined; ;) {
      const rows = await answered(() => this.query(accountId, filters, before).limit(STREAMED_AT_ONCE).getMany());
      const last = rows.at(-1);
      if (last) yield rows;
      if (!last || rows.length < STREAMED_AT_ONCE) return;
      before = [last.at, last.revision];
    }
  }

  private query(accountId: string, filters: UsageFilters, before: Key | undefined): SelectQueryBuilder<UsageEntity> {
    const { from, to } = filters;
    const query = this.dataSource.getRepository(UsageEntity).createQueryBuilder('usage')
      .where('usage.accountId = :accountId', { accountId }).orderBy('usage.at', 'DESC').addOrderBy('usage.revision', 'DESC');
    for (const name of EQUAL) if (filters[name] !== undefined) query.andWhere(`usage.${name} = :${name}`, { [name]: filters[name] });
    if (from !== undefined) query.andWhere('usage.at >= :from', { from: timestamp(from) });
    if (to !== undefined) query.andWhere('usage.at < :to', { to: timestamp(to) });
    if (before) query.andWhere('(usage.at, usage.revision) < (:at, :revision)', { at: timestamp(before[0]), revision: before[1] });
    return query;
  }
}
