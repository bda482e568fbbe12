import type { Instant, PersistentMap } from '#libs/kernel';
import { least, type Amount } from '#libs/money';
import type { Account, Grant, Part } from './state.js';

/** Burn order, total: priority (low first), then expiry (soonest first, none last), then age, then id. */
export const burnsBefore = (a: Grant, b: Grant): boolean => {
  if (a.priority !== b.priority) return a.priority < b.priority;
  if (a.expiresAt !== b.expiresAt) return b.expiresAt === null || (a.expiresAt !== null && a.expiresAt < b.expiresAt);
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  const [idOfA, idOfB] = [idIn(a.key), idIn(b.key)];
  // A purchase, a gift and a refund may share an id.
  return idOfA === idOfB ? a.key < b.key : idOfA < idOfB;
};

const idIn = (key: string): string => key.slice(key.indexOf('/') + 1);

export const isOver = ({ expiresAt }: Grant, now: Instant): boolean => expiresAt !== null && expiresAt <= now;

export const findGrant = (account: Pick<Account, 'grants' | 'emptyGrants'>, key: string): Grant | undefined => {
  for (const grant of account.grants) if (grant.key === key) return grant;
  return account.emptyGrants.get(key);
};

/** Takes up to `wanted` of free credit, in burn order; less when less is free. */
export const takeFree = (grants: readonly Grant[], wanted: Amount): Part[] => {
  const parts: Part[] = [];
  let missing = wanted;
  for (const { key, free } of grants) {
    if (missing === 0n) break;
    if (free === 0n) continue;
    const amount = least(free, missing);
    parts.push({ grant: key, amount });
    missing -= amount;
  }
  return parts;
};

/** Splits parts, in their order, into the first `amount` of them and the rest. */
export const splitParts = (parts: readonly Part[], amount: Amount): { taken: readonly Part[]; rest: readonly Part[] } => {
  const taken: Part[] = [];
  const rest: Part[] = [];
  let missing = amount;
  for (const part of parts) {
    const take = least(part.amount, missing);
    missing -= take;
    if (take > 0n) taken.push(take === part.amount ? part : { grant: part.grant, amount: take });
    if (take < part.amount) rest.push(take === 0n ? part : { grant: part.grant, amount: part.amount - take });
  }
  return { taken, rest };
};

/** One part for each grant, in burn order. */
export const inBurnOrder = (account: Pick<Account, 'grants' | 'emptyGrants'>, parts: readonly Part[]): Part[] => {
  if (parts.length < 2) return [...parts];
  const sums = new Map<string, Amount>();
  for (const { grant, amount } of parts) sums.set(grant, (sums.get(grant) ?? 0n) + amount);
  return [...sums].map(([key, amount]) => ({ grant: findGrant(account, key), key, amount }))
    .sort((a, b) => (a.grant && b.grant ? (burnsBefore(a.grant, b.grant) ? -1 : 1) : 0))
    .map(({ key, amount }) => ({ grant: key, amount }));
};

/** Splits what goes back into what reaches a living grant and what lapses with one that is over. */
export const giveBack = (account: Account, parts: readonly Part[], now: Instant): { released: Part[]; lapsed: Part[] } => {
  const released: Part[] = [];
  const lapsed: Part[] = [];
  for (const part of parts) {
    const grant = findGrant(account, part.grant);
    (grant && !isOver(grant, now) ? released : lapsed).push(part);
  }
  return { released, lapsed };
};

/** An account's grants while they change: members are replaced, never what they hold. */
interface Holdings {
  /** In burn order. */
  grants: readonly Grant[];
  emptyGrants: PersistentMap<Grant>;
}

const isEmpty = ({ free, held }: Grant): boolean => free === 0n && held === 0n;

const insert = (grants: readonly Grant[], grant: Grant): readonly Grant[] => {
  let at = grants.length;
  while (at > 0 && burnsBefore(grant, grants[at - 1] as Grant)) at -= 1;
  return grants.toSpliced(at, 0, grant);
};

export const addGrant = (holdings: Holdings, grant: Grant): void => {
  if (isEmpty(grant)) holdings.emptyGrants = holdings.emptyGrants.set(grant.key, grant);
  else holdings.grants = insert(holdings.grants, grant);
};

/** Member by member: a spread takes ten times as long, and every event that moves credit comes through here. */
const withAmounts = ({ key, kind, amount, priority, expiresAt, createdAt, paid }: Grant, free: Amount, held: Amount, refunded: Amount): Grant =>
  ({ key, kind, amount, priority, expiresAt, createdAt, paid, free, held, refunded });

const plus = (amount: Amount, more: Amount | undefined): Amount => (more ? amount + more : amount);

interface Change { readonly free?: Amount; readonly held?: Amount; readonly refunded?: Amount }

/** Adds to amounts of one grant, moving it between the living and the empty as it fills and drains. */
export const changeGrant = (holdings: Holdings, key: string, { free, held, refunded }: Change): void => {
  const at = holdings.grants.findIndex((grant) => grant.key === key);
  const before = at < 0 ? holdings.emptyGrants.get(key) : holdings.grants[at];
  if (!before) throw new Error(`grant ${key} is not known to this account: the log is not whole`);
  const after = withAmounts(before, plus(before.free, free), plus(before.held, held), plus(before.refunded, refunded));
  if (at >= 0 && !isEmpty(after)) {
    holdings.grants = holdings.grants.with(at, after);
    return;
  }
  if (at >= 0) holdings.grants = holdings.grants.toSpliced(at, 1);
  else if (!isEmpty(after)) holdings.emptyGrants = holdings.emptyGrants.delete(key);
  addGrant(holdings, after);
};
