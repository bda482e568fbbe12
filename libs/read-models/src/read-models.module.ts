import { Inject, Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { DirectFeed, type EventFeed } from '#libs/event-feed';
import type { EventLog } from '#libs/event-log';
import { AccountsQuery } from './balance/accounts-query.js';
import { BalanceQuery } from './balance/query.js';
import { openReadDatabase, readDataSource } from './database/data-source.js';
import { DueQuery } from './holds/due-query.js';
import { Projections } from './projections.js';
import { HOT_POOL, openHotPool } from './querying/hot-pool.js';
import { TierQuery } from './tier/query.js';
import { TransactionsQuery } from './transactions/query.js';
import { UsageQuery } from './usage-log/query.js';

export interface ReadModelsOptions {
  /** The database that holds the read models. */
  readonly url: string;
  readonly log: EventLog;
  /** Brings the events; from the log itself when left out. */
  readonly feed?: EventFeed | undefined;
  /** False: other processes apply the events, and this one only asks. */
  readonly projects?: boolean | undefined;
  /** Told when the projector cannot go on, for a while or at all. */
  readonly onError: (error: unknown) => void;
}

const QUERIES = [BalanceQuery, AccountsQuery, DueQuery, TransactionsQuery, UsageQuery, TierQuery];

/** The read models: their queries, and the projector that keeps them up to date while the application runs. */
@Module({})
export class ReadModelsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly projections: Projections, @Inject(HOT_POOL) private readonly pool: Pool) {}

  static forRoot({ url, log, feed = new DirectFeed(log, url), projects = true, onError }: ReadModelsOptions): DynamicModule {
    return {
      module: ReadModelsModule,
      global: true,
      imports: [TypeOrmModule.forRootAsync({
        useFactory: () => ({ ...readDataSource(url).options, retryAttempts: 0 }),
        dataSourceFactory: () => openReadDatabase(url),
      })],
      providers: [
        { provide: HOT_POOL, useFactory: () => openHotPool(url) },
        {
          provide: Projections, inject: [HOT_POOL],
          useFactory: (pool: Pool) => new Projections({ url, log, feed, pool, projects, onError }),
        },
        ...QUERIES,
      ],
      exports: [Projections, ...QUERIES],
    };
  }

  onApplicationBootstrap(): void {
    this.projections.begin();
  }

  /** By now no request is under way that may wait for the projector. */
  async onApplicationShutdown(): Promise<void> {
    await this.projections.stop();
    await this.pool.end();
  }
}
