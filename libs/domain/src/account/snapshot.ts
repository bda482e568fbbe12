import { mapOf } from '#libs/kernel';
import type { Amount } from '#libs/money';
import { duesOf } from './dues.js';
import type { Account, Grant, Hold, Part, Stretch } from './state.js';

/** Version of {@link Account}'s shape; raise it with any change of state or evolve, and older snapshots are not used. */
export const ACCOUNT_SNAPSHOT_VERSION = 1;

/*
 * JSON has no bigints, so amounts are texts in it. Type by type and not by a replacer, which takes several times as long:
 * an account may have very many open holds.
 */

const save = (amount: Amount): string => amount.toString();
const load = (text: string): Amount => BigInt(text);

const savePart = ({ grant, amount }: Part) => ({ grant, amount: save(amount) });
const loadPart = ({ grant, amount }: ReturnType<typeof savePart>): Part => ({ grant, amount: load(amount) });

const saveStretch = ({ from, amount }: Stretch) => ({ from: save(from), amount: save(amount) });
const loadStretch = ({ from, amount }: ReturnType<typeof saveStretch>): Stretch => ({ from: load(from), amount: load(amount) });

const saveGrant = (grant: Grant) => ({
  ...grant, amount: save(grant.amount), free: save(grant.free), held: save(grant.held), refunded: save(grant.refunded),
  paid: grant.paid && { amount: save(grant.paid.amount), currency: grant.paid.currency },
});
const loadGrant = (grant: ReturnType<typeof saveGrant>): Grant => ({
  ...grant, amount: load(grant.amount), free: load(grant.free), held: load(grant.held), refunded: load(grant.refunded),
  paid: grant.paid && { amount: load(grant.paid.amount), currency: grant.paid.currency },
});

const saveHold = (hold: Hold) =>
  ({ ...hold, amount: save(hold.amount), held: save(hold.held), charged: save(hold.charged), parts: hold.parts.map(savePart) });
const loadHold = (hold: ReturnType<typeof saveHold>): Hold =>
  ({ ...hold, amount: load(hold.amount), held: load(hold.held), charged: load(hold.charged), parts: hold.parts.map(loadPart) });

const plainOf = ({ revision, terms, lastRecordedAt, grants, emptyGrants, holds, free, held, debt, totals }: Account) => ({
  revision, terms, lastRecordedAt, free: save(free), held: save(held),
  grants: grants.map(saveGrant), emptyGrants: [...emptyGrants.values()].map(saveGrant), holds: [...holds.values()].map(saveHold),
  debt: { end: save(debt.end), paidTo: save(debt.paidTo), owed: save(debt.owed), cancelled: debt.cancelled.map(saveStretch) },
  totals: {
    credited: save(totals.credited), spent: save(totals.spent), expired: save(totals.expired), refundedOut: save(totals.refundedOut),
    purchased: save(totals.purchased),
  },
});

export const saveAccount = (account: Account): string => JSON.stringify(plainOf(account));

export const loadAccount = (text: string): Account => {
  const { revision, terms, lastRecordedAt, free, held, grants, emptyGrants, holds, debt, totals } = JSON.parse(text) as ReturnType<typeof plainOf>;
  const account: Account = {
    revision, terms, lastRecordedAt, free: load(free), held: load(held),
    grants: grants.map(loadGrant), emptyGrants: mapOf(emptyGrants.map((grant) => [grant.key, loadGrant(grant)] as const)),
    holds: mapOf(holds.map((hold) => [hold.id, loadHold(hold)] as const)),
    debt: { end: load(debt.end), paidTo: load(debt.paidTo), owed: load(debt.owed), cancelled: debt.cancelled.map(loadStretch) },
    totals: {
      credited: load(totals.credited), spent: load(totals.spent), expired: load(totals.expired), refundedOut: load(totals.refundedOut),
      purchased: load(totals.purchased),
    },
    dues: undefined,
  };
  return { ...account, dues: duesOf(account) };
};
