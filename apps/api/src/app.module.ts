import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { Metrics } from '#libs/http';
import { AccountOrders } from './account-orders.js';
import { AccountReads } from './account-reads.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AuditController } from './audit/audit.controller.js';
import { CatalogsController } from './catalogs/catalogs.controller.js';
import { CreditController } from './credit/credit.controller.js';
import { DryRuns } from './holds/dry-runs.js';
import { HoldsController } from './holds/holds.controller.js';
import { SystemController } from './system/system.controller.js';
import { API_DOCUMENT } from './tokens.js';
import { UsageController } from './usage/usage.controller.js';

/** Commands and queries over HTTP. What carries them out is given to it. */
@Module({})
export class AppModule {
  static forRoot(imports: NonNullable<ModuleMetadata['imports']>, metrics: Metrics, document: object): DynamicModule {
    return {
      module: AppModule,
      imports,
      controllers: [
        AccountsController, CreditController, HoldsController, UsageController, CatalogsController, AuditController, SystemController,
      ],
      providers: [{ provide: Metrics, useValue: metrics }, { provide: API_DOCUMENT, useValue: document }, AccountOrders, AccountReads, DryRuns],
    };
  }
}
