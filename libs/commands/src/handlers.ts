import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Answer, Catalog, CatalogOutcome } from '#libs/domain';
import { Accounts } from './accounts.js';
import { Catalogs } from './catalogs.js';
import { ExecuteAccountCommand, ExecuteCatalogCommand } from './commands.js';

@CommandHandler(ExecuteAccountCommand)
export class ExecuteAccountHandler implements ICommandHandler<ExecuteAccountCommand> {
  constructor(private readonly accounts: Accounts) {}

  execute({ accountId, command, origin, catalog }: ExecuteAccountCommand): Promise<Answer> {
    return this.accounts.execute(accountId, command, origin, catalog);
  }
}

@CommandHandler(ExecuteCatalogCommand)
export class ExecuteCatalogHandler implements ICommandHandler<ExecuteCatalogCommand> {
  constructor(private readonly catalogs: Catalogs) {}

  execute({ name, command, origin }: ExecuteCatalogCommand): Promise<CatalogOutcome & { readonly catalog: Catalog }> {
    return this.catalogs.execute(name, command, origin);
  }
}
