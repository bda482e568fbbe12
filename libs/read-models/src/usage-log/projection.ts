import { assertNever, type Instant } from '#libs/kernel';
import type { DataOf } from '#libs/domain';
import type { AccountRecord } from '../folding/account-record.js';

/** How work ended for its caller: charged, charged so far, given back, or never heard of again. */
export type UsageOutcome = 'settled' | 'captured' | 'released' | 'expired';
type Settled = DataOf<'UsageSettled'>;
type Facts = NonNullable<Settled['facts']>;

/** One piece of work, as one event tells it. */
export interface Usage {
  readonly accountId: string;
  readonly revision: number;
  /** When the work was done, which for reported usage is before it was recorded. */
  readonly at: Instant;
  readonly recordedAt: Instant;
  /** Of the hold, the charge or the usage event. */
  readonly id: string;
  readonly via: 'hold' | 'charge' | 'usage';
  readonly source: string | undefined;
  readonly outcome: UsageOutcome;
  readonly late: boolean;
  readonly model: string | undefined;
  readonly group: string | undefined;
  readonly status: number | undefined;
  readonly latencyMs: number | undefined;
  readonly keyId: string | undefined;
  readonly usage: Readonly<Record<string, string>> | undefined;
  readonly parameters: Readonly<Record<string, string>> | undefined;
  /** What this event charged. */
  readonly cost: string;
  readonly uncharged: string | undefined;
  /** How the total of the charge so far was priced; none for a plain amount. */
  readonly price: Pick<NonNullable<Settled['price']>, 'catalog' | 'version' | 'exact' | 'breakdown'> | undefined;
  /** What the caller told of the work besides. */
  readonly facts: Facts | undefined;
}

/**
 * What an event says of work. Where it does not say which model the work was for, its hold does.
 * @returns undefined for an event that ends no work and charges none
 */
export const usageOf = (record: AccountRecord): Usage | undefined => {
  const { event } = record;
  switch (event.type) {
    case 'UsageSettled': return charged(record, event.data);
    case 'HoldReleased': return unused(record, event.data.holdId, 'released', event.data.facts);
    case 'HoldExpired': return unused(record, event.data.holdId, 'expired', undefined);
    case 'AccountOpened': case 'CreditsPurchased': case 'CreditsGranted': case 'HoldPlaced': case 'HoldIncreased': case 'PackExpired':
    case 'RefundIssued': case 'BalanceThresholdCrossed': return undefined;
    default: return assertNever(event);
  }
};

// Each row is one literal: spreading parts into it costs more than all the rest.
const charged = (record: AccountRecord, data: Settled): Usage => ({
  accountId: record.accountId, revision: record.revision, at: record.occurredAt, recordedAt: record.recordedAt,
  id: data.chargeId, via: data.via, source: data.source, outcome: data.final ? 'settled' : 'captured', late: data.late ?? false,
  model: data.request?.model, group: text(data.facts?.group), status: wholeNumber(data.facts?.statusCode),
  latencyMs: number(data.facts?.latencyMs), keyId: keyOf(record, data.facts), usage: data.request?.usage, parameters: data.request?.parameters,
  cost: data.cost, uncharged: data.uncharged, price: data.price, facts: data.facts,
});

const unused = (record: AccountRecord, holdId: string, outcome: UsageOutcome, facts: Facts | undefined): Usage => ({
  accountId: record.accountId, revision: record.revision, at: record.occurredAt, recordedAt: record.recordedAt,
  id: holdId, via: 'hold', source: undefined, outcome, late: false,
  model: undefined, group: text(facts?.group), status: wholeNumber(facts?.statusCode),
  latencyMs: number(facts?.latencyMs), keyId: keyOf(record, facts), usage: undefined, parameters: undefined,
  cost: '0', uncharged: undefined, price: undefined, facts,
});

const KEY = 'key:';

const keyOf = ({ actor }: AccountRecord, facts: Facts | undefined): string | undefined =>
  text(facts?.keyId) ?? (actor.startsWith(KEY) ? actor.slice(KEY.length) : undefined);

/** Facts are the caller's: what does not have the form that a filter needs stays among them and is no error. */
type Fact = Facts[string] | undefined;
const text = (fact: Fact): string | undefined => (fact === undefined ? undefined : String(fact));
const number = (fact: Fact): number | undefined => {
  const value = typeof fact === 'string' && fact.trim() !== '' ? Number(fact) : fact;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};
const MOST = 2_147_483_647;
const wholeNumber = (fact: Fact): number | undefined => {
  const value = number(fact);
  return value !== undefined && Number.isInteger(value) && Math.abs(value) <= MOST ? value : undefined;
};
