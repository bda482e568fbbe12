import { assertNever, BillingError, later, type Instant } from '#libs/kernel';
import { formatAmount, type Amount } from '#libs/money';
import { isCrossed, type Catalog, type Threshold } from '../catalog/index.js';
import { asItStands, type Answer, type Result } from './answers.js';
import type { AccountCommand } from './commands.js';
import { chargeUsage, reportUsage } from './decide/charge.js';
import { buyCredit, grantCredit } from './decide/credit.js';
import { expireHold, increaseHold, placeHold, releaseHold, showHold } from './decide/hold.js';
import { openAccount } from './decide/open-account.js';
import { refund } from './decide/refund.js';
import type { Given } from './decide/rule.js';
import { settleHold } from './decide/settle.js';
import { record, type Draft } from './draft.js';
import { nextDue } from './dues.js';
import type { AccountFact } from './events.js';
import { findGrant } from './grants.js';
import type { Past } from './past.js';
import { balanceOf, type Account } from './state.js';

/** What a decision is made from, besides the account: all that a pure function cannot fetch. */
export interface Context {
  /** The wall clock. The account's now is never before its last event. */
  readonly now: Instant;
  /** Of the account, or for OpenAccount the one asked for. */
  readonly catalog: Catalog;
  /** Earlier events under the command's ids (see keysNeeded). */
  readonly past: Past;
}

/** What follows from a command: events, the account after them, and an answer or a refusal. */
export interface Transition {
  readonly facts: readonly AccountFact[];
  readonly account: Account;
  readonly outcome: { readonly answer: Answer } | { readonly refusal: BillingError };
}

/**
 * Decides a command. Pure and total: the same account, command and context give the same transition, and a refusal is a
 * result. What is due by now (holds and grants that ended, in the order of their instants) comes first, whatever the
 * command's outcome.
 */
export const transition = (before: Account, command: AccountCommand, { now, catalog, past }: Context): Transition => {
  const at = later(now, before.lastRecordedAt);
  const due = applyDue(before, at, catalog.thresholds);
  try {
    const { draft, answer } = decide(command, { before, draft: due, at, catalog, past });
    const { account, facts } = crossThresholds(due.account, draft, catalog.thresholds, at);
    return { facts, account, outcome: { answer } };
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    return { ...due, outcome: { refusal: error } };
  }
};

const decide = (command: AccountCommand, given: Omit<Given, 'terms'>): Result => {
  if (command.type === 'OpenAccount') return openAccount(command, given);
  const { terms } = given.draft.account;
  if (!terms) throw new BillingError('not_found', 'not_found', { detail: 'this account does not exist; open it first' });
  const { before, draft, at, catalog, past } = given;
  const all: Given = { before, draft, terms, at, catalog, past };
  switch (command.type) {
    case 'BuyCredit': return buyCredit(command, all);
    case 'GrantCredit': return grantCredit(command, all);
    case 'PlaceHold': return placeHold(command, all);
    case 'SettleHold': return settleHold(command, all);
    case 'IncreaseHold': return increaseHold(command, all);
    case 'ReleaseHold': return releaseHold(command, all);
    case 'ShowHold': return showHold(command, all);
    case 'ChargeUsage': return chargeUsage(command, all);
    case 'ReportUsage': return reportUsage(command, all);
    case 'Refund': return refund(command, all);
    case 'WakeAccount': return asItStands(draft, undefined);
    default: return assertNever(command);
  }
};

/** Everything that ended by `at`, each dated with its own end, so that a late writing of it changes nothing. */
export const applyDue = (account: Account, at: Instant, thresholds: readonly Threshold[]): Draft => {
  // After a long stop there may be very many: they are gathered in one list.
  const facts: AccountFact[] = [];
  let current = account;
  for (let due = nextDue(current); due && due.at <= at; due = nextDue(current)) {
    const before: Draft = { account: current, facts: [] };
    const ended = due.kind === 'hold' ? expireHold(before, due.id, due.at) : expireGrant(before, due.id, due.at);
    const told = crossThresholds(current, ended, thresholds, due.at);
    facts.push(...told.facts);
    current = told.account;
  }
  return { account: current, facts };
};

const expireGrant = (draft: Draft, key: string, at: Instant): Draft => {
  const lost: Amount = findGrant(draft.account, key)?.free ?? 0n;
  return record(draft, 'PackExpired', { grant: key, amount: formatAmount(lost) }, at);
};

/** A warning is an event when available credit comes to it from above: once, until it has risen above again. */
const crossThresholds = (before: Account, draft: Draft, thresholds: readonly Threshold[], at: Instant): Draft => {
  const from = balanceOf(before).available;
  const to = balanceOf(draft.account).available;
  if (to >= from) return draft;
  return thresholds.reduce((crossed, threshold) => {
    if (isCrossed(threshold, from) || !isCrossed(threshold, to)) return crossed;
    const { warning, operator, amount } = threshold;
    return record(crossed, 'BalanceThresholdCrossed', { warning, operator, threshold: formatAmount(amount), available: formatAmount(to) }, at);
  }, draft);
};

/**
 * The account as it stood at an instant: its events recorded by then, and what was due by then though not yet written.
 * Its revision may be one it never had.
 */
export const accountAsOf = (account: Account, at: Instant): Account => applyDue(account, later(at, account.lastRecordedAt), []).account;
