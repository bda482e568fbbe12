import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { answered } from '../querying/answered.js';
import { TierEntity } from './entity.js';

/** What an account's tier follows from. */
@Injectable()
export class TierQuery {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Undefined for an account that never bought anything. */
  find(accountId: string): Promise<Pick<TierEntity, 'purchased' | 'currency'> | undefined> {
    return answered(async () => await this.dataSource.getRepository(TierEntity).findOneBy({ accountId }) ?? undefined);
  }
}
