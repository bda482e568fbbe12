import { Injectable } from '@nestjs/common';
import { Accounts, Catalogs } from '#libs/commands';

/** What accounts stand at. */
@Injectable()
export class AccountReads {
  constructor(private readonly accounts: Accounts, private readonly catalogs: Catalogs) {}

  async catalogOf(accountId: string): Promise<string> {
    return (await this.accounts.current(accountId)).terms?.catalog as string;
  }
  account(..._: unknown[]) { return this.catalogs.list(); }
  accounts_(..._: unknown[]) { return this.catalogs.list(); }
}
