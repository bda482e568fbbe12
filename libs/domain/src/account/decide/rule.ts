import type { Instant } from '#libs/kernel';
import type { Catalog } from '../../catalog/index.js';
import type { Result } from '../answers.js';
import type { Draft } from '../draft.js';
import type { Past } from '../past.js';
import type { Account, AccountTerms } from '../state.js';

/** What a rule decides from, besides the command: everything that is not the account's own state comes in here. */
export interface Given {
  /** The account before this decision, and so before what is due by `at`. */
  readonly before: Account;
  /** The account so far: what was due by `at` has been applied. */
  readonly draft: Draft;
  readonly terms: AccountTerms;
  /** The account's now. */
  readonly at: Instant;
  readonly catalog: Catalog;
  readonly past: Past;
}

/** Decides one kind of command. Throws BillingError to refuse it; the errors, in the order they are checked, are in its docstring. */
export type Rule<Command> = (command: Command, given: Given) => Result;
