import { Command } from '@nestjs/cqrs';
import type { Cause } from '#libs/kernel';
import type { AccountCommand, Answer, Catalog, CatalogCommand, CatalogOutcome } from '#libs/domain';

/** Where a command comes from; the rest of an event's cause follows from the command itself. */
export type Origin = Pick<Cause, 'actor' | 'correlationId' | 'traceparent'>;

/** An order to one account. Rejects with the BillingError that refuses it, or unavailable when the log cannot take it. */
export class ExecuteAccountCommand extends Command<Answer> {
  constructor(
    readonly accountId: string, readonly command: AccountCommand, readonly origin: Origin,
    /** Of OpenAccount alone: the catalog to open it on. Later the account knows. */
    readonly catalog?: string,
  ) { super(); }
}

/** An order to one catalog: import it, or publish a version of its rate card. */
export class ExecuteCatalogCommand extends Command<CatalogOutcome & { readonly catalog: Catalog }> {
  constructor(readonly name: string, readonly command: CatalogCommand, readonly origin: Origin) { super(); }
}
