import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import type { Logger } from 'pino';
import { EventStore } from '#libs/engine';
import { Metrics } from '#libs/http';
import { Projections } from '#libs/read-models';
import { AccountOrders } from './account-orders.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AuditController } from './audit/audit.controller.js';
import { CatalogsController } from './catalogs/catalogs.controller.js';
import { CreditController } from './credit/credit.controller.js';
import { DryRuns } from './holds/dry-runs.js';
import { HoldsController } from './holds/holds.controller.js';
import { ProjectionsController } from './projections/projections.controller.js';
import { Rebuilds } from './projections/rebuilds.js';
import { AccountReads } from './reading/account-reads.js';
import { Freshness } from './reading/freshness.js';
import { ReadingController } from './reading/reading.controller.js';
import { SystemController } from './system/system.controller.js';
import { API_DOCUMENT } from './tokens.js';
import { UsageController } from './usage/usage.controller.js';

export interface AppParts {
  /** What carries commands out and answers queries. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly store: EventStore;
  readonly metrics: Metrics;
  /** The OpenAPI document. */
  readonly document: object;
  readonly log: Logger;
}

/** Commands and queries over HTTP. */
@Module({})
export class AppModule {
  static forRoot({ imports, store, metrics, document, log }: AppParts): DynamicModule {
    return {
      module: AppModule,
      imports,
      controllers: [
        AccountsController, CreditController, HoldsController, UsageController, CatalogsController, ReadingController, AuditController,
        ProjectionsController, SystemController,
      ],
      providers: [
        { provide: EventStore, useValue: store }, { provide: Metrics, useValue: metrics }, { provide: API_DOCUMENT, useValue: document },
        { provide: Rebuilds, inject: [Projections], useFactory: (projections: Projections) => new Rebuilds(projections, log) },
        AccountOrders, AccountReads, DryRuns, Freshness,
      ],
    };
  }
}
