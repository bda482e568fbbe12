import type { Instant } from '#libs/kernel';
import { formatAmount } from '#libs/money';
import { total, type ChargeHistory } from './charge-history.js';
import { balanceData, type Draft } from './draft.js';
import type { AccountFact, BalanceData } from './events.js';
import type { PastFact } from './past.js';
import type { AccountTerms, Hold } from './state.js';

/** A hold for its caller, as it stands after some event. */
export interface HoldView {
  readonly id: string;
  readonly status: 'open' | 'settled' | 'released' | 'expired';
  readonly amount: string;
  readonly held: string;
  /** All it was charged so far. */
  readonly cost: string;
  readonly costEstimate?: string;
  readonly model?: string | undefined;
  readonly placedAt: Instant;
  readonly expiresAt: Instant;
  readonly late?: true;
}

/**
 * What a command is answered with: a function of recorded events alone, so that a repeat gets the first answer again,
 * whichever process gives it.
 */
export interface Answer {
  /** True when nothing new was decided: the command had been carried out before, or asked only to look. */
  readonly repeated: boolean;
  /** Revision of the event that answers. */
  readonly revision: number;
  readonly balance: BalanceData;
  /** The event that answers; undefined where the answer is how things stand. */
  readonly fact?: AccountFact | undefined;
  readonly hold?: HoldView | undefined;
  /** Of a release of a closed hold: how it had ended. */
  readonly outcome?: 'already_settled' | 'already_released' | 'expired' | undefined;
  readonly terms: AccountTerms;
}

/** A rule's result: what it drafts, and how to answer. */
export interface Result {
  readonly draft: Draft;
  readonly answer: Answer;
}

/** Rules only run on an account that is open, or opens by them. */
const termsOf = ({ account }: Draft): AccountTerms => account.terms as AccountTerms;

export const openView = (hold: Hold): HoldView => ({
  id: hold.id, status: 'open', amount: formatAmount(hold.amount), held: formatAmount(hold.held), cost: formatAmount(hold.charged),
  costEstimate: formatAmount(hold.amount), model: hold.request?.model, placedAt: hold.placedAt, expiresAt: hold.expiresAt,
});

/** A closed hold; a direct charge reads as a hold that was settled as it was placed. */
export const closedView = ({ hold, outcome = 'settled', charged, settles }: ChargeHistory): HoldView => {
  const cost = formatAmount(charged);
  const [charge] = settles;
  if (!hold && charge) {
    const { data: { chargeId: id, request }, recordedAt } = charge;
    return { id, status: 'settled', amount: cost, held: '0', cost, model: request?.model, placedAt: recordedAt, expiresAt: recordedAt };
  }
  const { id, amount, placedAt, expiresAt, request } = hold as NonNullable<typeof hold>;
  return {
    id, status: outcome, amount: formatAmount(amount), held: '0', cost, model: request?.model, placedAt, expiresAt,
    ...(settles.some(({ data }) => data.late) ? { late: true as const } : {}),
  };
};

/** Answers with the event just drafted last. */
export const answeredBy = (draft: Draft, hold?: HoldView): Result => {
  const fact = draft.facts.at(-1) as AccountFact;
  return { draft, answer: { repeated: false, revision: draft.account.revision, balance: balanceIn(fact, draft), fact, hold, terms: termsOf(draft) } };
};

/** Answers with an earlier event, as it was answered then. */
export const answeredByPast = (draft: Draft, fact: PastFact, hold?: HoldView): Result =>
  ({ draft, answer: { repeated: true, revision: fact.revision, balance: balanceIn(fact, draft), fact, hold, terms: termsOf(draft) } });

/** Answers with how things stand. */
export const asItStands = (draft: Draft, hold: HoldView | undefined, outcome?: Answer['outcome']): Result =>
  ({ draft, answer: { repeated: true, revision: draft.account.revision, balance: balanceData(draft.account), hold, outcome, terms: termsOf(draft) } });

const balanceIn = (fact: AccountFact, { account }: Draft): BalanceData =>
  ('balance' in fact.data ? fact.data.balance : balanceData(account));

/** What a closing event gave back. */
export const releasedBy = (fact: AccountFact | undefined): string =>
  formatAmount(fact && 'released' in fact.data ? total(fact.data.released) : 0n);
