import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { answered } from '../querying/answered.js';
import { cursorOf, keyIn, pageOf, type Page, type PageRequest } from '../querying/page.js';
import { OpenHoldEntity } from './entity.js';

const isKey = (key: readonly unknown[]): key is readonly [string] => key.length === 1 && typeof key[0] === 'string';

/** An account's open holds, in the order of their ids. A hold that is over but not yet written as expired is among them. */
@Injectable()
export class OpenHoldsQuery {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws invalid/invalid_request for a cursor that is none */
  async list(accountId: string, { limit, cursor, offset }: PageRequest): Promise<Page<OpenHoldEntity>> {
    const query = this.dataSource.getRepository(OpenHoldEntity).createQueryBuilder('hold')
      .where('hold.accountId = :accountId', { accountId }).orderBy('hold.holdId').limit(limit + 1).offset(offset);
    if (cursor !== undefined) {
      const [after] = keyIn(cursor, isKey);
      query.andWhere('hold.holdId > :after', { after });
    }
    return pageOf(await answered(() => query.getMany()), limit, ({ holdId }) => cursorOf(holdId));
  }
}
